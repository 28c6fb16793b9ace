// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/transaction_completion.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "base/clock.hpp"
#include "binding/transaction/step_log.hpp"

namespace binding {
namespace {

using policy::Op;
using policy::Step;
using policy::StepResult;
using policy::Transaction;

std::string seconds_text(std::chrono::milliseconds time) {
    const auto count = time.count();
    return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

/// The driver for the history: that of the last successful bind.
std::string bound_driver(const Transaction& transaction) {
    std::string driver;
    for (const Step& step : transaction.steps)
        if (step.op == Op::kBind && step.result == StepResult::kDone)
            driver = step.value.value_or("");
    return driver;
}

/// A worker's answer; any other message than an outcome is a failure.
TransactionOutcome parse_outcome(const std::string& line) {
    auto answer = decode_message(line);
    if (answer)
        if (auto* outcome = std::get_if<TransactionOutcome>(&answer->message))
            return std::move(*outcome);
    base::Error error = answer ? unexpected_message(answer->message) : answer.error();
    if (answer)
        if (const auto* failed = std::get_if<Failed>(&answer->message))
            error = failed->error;
    return {.result = StepResult::kFailed,
            .error = "the worker's answer: " + error.text(),
            .error_code = error.code,
            .steps = {},
            .notes = {}};
}

/// Which write did not return, and who holds the device, found by what was seen before the write: a
/// device whose unbind hangs must not be read.
std::string stuck_error(sysfs::Kernel& kernel, ActiveTransaction& active) {
    active.seen.rebuild_index();
    std::vector<sysfs::DeviceId> ids;
    for (const sysfs::Device& device : active.seen.devices)
        ids.push_back(device.id);
    std::set<std::string> holders;
    for (const auto& [id, uses] : kernel.usage(active.seen, ids))
        for (const sysfs::Use& use : uses)
            holders.insert(use.evidence.empty() ? use.text : use.evidence);
    std::string holder_list;
    for (const std::string& holder : holders)
        holder_list += (holder_list.empty() ? "; held by " : ", ") + holder;
    return active.last_step + ": did not return within " + seconds_text(active.options.timeout) +
           holder_list;
}

}  // namespace

TransactionOutcome to_outcome(sysfs::Kernel& kernel, ActiveTransaction& active, JobEnd how,
                              const std::string& line) {
    TransactionOutcome outcome;
    switch (how) {
        case JobEnd::kAnswered:
            return parse_outcome(line);
        case JobEnd::kStuck:
            outcome.result = StepResult::kStuck;
            outcome.error = stuck_error(kernel, active);
            outcome.error_code = base::Code::kTimeout;
            break;
        case JobEnd::kDied:
            outcome.error = "the worker that was to undo it died as well (" + line + ")";
            break;
        case JobEnd::kNotStarted:
            outcome.result = StepResult::kSkipped;
            outcome.error =
                "not begun: another unbind from the same driver is stuck, or no worker "
                "process could be started";
            break;
    }
    return outcome;
}

TransactionOutcome outcome_after_worker_death(const ActiveTransaction& active,
                                              TransactionOutcome undone) {
    if (undone.result == StepResult::kDone)
        undone.notes.push_back(active.worker_death + ", after it had committed");
    else
        undone.error = active.worker_death + (undone.error.empty() ? "" : "; " + undone.error);
    undone.steps = active.steps;
    for (Step& step : undone.steps)
        if (undone.result == StepResult::kRolledBack && step.result == StepResult::kDone)
            step.result = StepResult::kRolledBack;
    return undone;
}

std::vector<Step> recorded_steps(std::vector<Step> planned, const InFlightTransaction* flight,
                                 StepResult unfinished) {
    StepLog log(std::move(planned));
    if (flight != nullptr)
        for (const IntentRecord& intent : flight->intents) {
            const std::size_t at = log.begin(intent.op, intent.device, intent.value);
            const auto result = flight->results.find(intent.step);
            if (result == flight->results.end())
                log.end(at, unfinished);
            else if (result->second == 0)
                log.end(at, StepResult::kDone);
            else
                log.end(at, StepResult::kFailed,
                        base::fail_errno(result->second, policy::op_name(intent.op),
                                         intent.device.display())
                            .value()
                            .text());
        }
    return std::move(log).finish();
}

HistoryEntry to_history_entry(const ActiveTransaction& ended, const std::string& txn) {
    const Transaction& transaction = ended.transaction;
    HistoryEntry entry{.txn = txn,
                       .time_us = base::unix_time_us(),
                       .actor = ended.options.actor,
                       .action = ended.options.action,
                       .group = transaction.group,
                       .devices = transaction.devices,
                       .driver = bound_driver(transaction),
                       .rule = {},
                       .where = {},
                       .result = policy::step_result_name(*transaction.result),
                       .error = transaction.error};
    for (const policy::Change& change : transaction.changes) {
        if (entry.rule.empty() && !change.taken_along) {
            entry.rule = change.rule;
            entry.where = change.where;
        }
        for (const auto& [name, value] : change.attrs)
            if (const std::string assignment = name + "=" + value;
                std::find(entry.attrs.begin(), entry.attrs.end(), assignment) == entry.attrs.end())
                entry.attrs.push_back(assignment);
    }
    return entry;
}

HistoryEntry to_history_entry(const InFlightTransaction& recovered,
                              const TransactionOutcome& outcome, const std::string& actor) {
    HistoryEntry entry{.txn = recovered.begin.txn,
                       .time_us = base::unix_time_us(),
                       .actor = actor,
                       .action = "recover",
                       .group = recovered.begin.group,
                       .devices = {},
                       .driver = {},
                       .rule = {},
                       .where = {},
                       .result = policy::step_result_name(outcome.result),
                       .error = outcome.error};
    for (const BindingSnapshot& snapshot : recovered.begin.devices)
        entry.devices.push_back(snapshot.device);
    return entry;
}

Recovery to_recovery(const InFlightTransaction& flight, const TransactionOutcome& outcome) {
    Recovery recovery;
    const auto& [txn, time_us, actor, action, group, devices] = flight.begin;
    const bool undone = outcome.result == StepResult::kRolledBack;
    for (const BindingSnapshot& snapshot : devices)
        if (undone)
            recovery.undone.insert(snapshot.device);
        else
            recovery.pending_undo[snapshot.device] = outcome.error;
    if (!undone)
        recovery.pending_transactions[txn] = outcome.error;
    std::string text = "transaction " + txn + " (" + action + " by " + actor +
                       ") was interrupted: " + (undone ? "undone" : "could not be undone yet");
    if (!outcome.error.empty())
        text += ": " + outcome.error;
    for (const std::string& note : outcome.notes)
        text += "; " + note;
    recovery.notes.push_back(std::move(text));
    return recovery;
}

}  // namespace binding
