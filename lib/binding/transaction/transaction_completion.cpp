// SPDX-License-Identifier: LGPL-2.1-or-later
#include <chrono>
#include <utility>

#include "base/clock.hpp"
#include "binding/transaction/step_log.hpp"
#include "binding/transaction/transaction_runner.hpp"

/// What the parent makes of a job that has ended, one way or another.
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

/// What the devices were bound to, for the history: the last bind that held.
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

}  // namespace

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

std::vector<WorkerJob> TransactionRunner::on_job_ended(const WorkerJob& job, JobEnd how,
                                                       const std::string& line) {
    const std::string& txn = job.name;
    ActiveTransaction& active = active_[txn];
    if (active.recovered)
        return on_recovery_ended(txn, how, line);
    TransactionOutcome outcome =
        how == JobEnd::kAnswered ? parse_outcome(line) : outcome_without_answer(txn, how, line);
    if (how == JobEnd::kAnswered && active.worker_death.empty() && !outcome.steps.empty()) {
        complete(txn, std::move(outcome));
        return {};
    }
    const auto journal_state = read_journal(state_);
    const InFlightTransaction* flight =
        journal_state ? journal_state->find_in_flight(txn) : nullptr;
    const std::vector<Step>& planned = active.transaction.steps;
    if (how == JobEnd::kDied && active.worker_death.empty()) {
        active.worker_death = "its worker process died (" + line + ") at: " + active.last_step;
        active.steps = recorded_steps(planned, flight, StepResult::kFailed);
        return {{.name = txn,
                 .request = encode_message({0, UndoTransaction{txn}}),
                 .drivers = job.drivers,
                 .timeout = job.timeout,
                 .progress_wanted = job.progress_wanted}};
    }
    if (outcome.steps.empty() && active.worker_death.empty())
        outcome.steps = recorded_steps(
            planned, flight, how == JobEnd::kStuck ? StepResult::kStuck : StepResult::kFailed);
    if (!active.worker_death.empty())
        outcome = outcome_after_worker_death(active, std::move(outcome));
    complete(txn, std::move(outcome));
    return {};
}

std::vector<WorkerJob> TransactionRunner::on_recovery_ended(const std::string& txn, JobEnd how,
                                                            const std::string& line) {
    ActiveTransaction& active = active_[txn];
    const RecoveredCallback callback = std::exchange(active.recovered, nullptr);
    callback(to_recovery(*active.flight, how, line));
    return {};
}

/// The outcome of a job that no worker answered for.
TransactionOutcome TransactionRunner::outcome_without_answer(const std::string& txn, JobEnd how,
                                                             const std::string& line) {
    TransactionOutcome outcome;
    switch (how) {
        case JobEnd::kStuck:
            outcome.result = StepResult::kStuck;
            outcome.error = stuck_error(txn, active_[txn].options.timeout);
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
        case JobEnd::kAnswered:
            break;
    }
    return outcome;
}

/// `undone` is the second worker's. The steps are those of the first, as far as the journal tells.
TransactionOutcome TransactionRunner::outcome_after_worker_death(ActiveTransaction& active,
                                                                 TransactionOutcome undone) {
    if (undone.result == StepResult::kDone)
        undone.notes.push_back(active.worker_death + ", after it had committed");
    else
        undone.error = active.worker_death + (undone.error.empty() ? "" : "; " + undone.error);
    undone.steps = std::move(active.steps);
    for (Step& step : undone.steps)
        if (undone.result == StepResult::kRolledBack && step.result == StepResult::kDone)
            step.result = StepResult::kRolledBack;
    return undone;
}

void TransactionRunner::complete(const std::string& txn, TransactionOutcome outcome) {
    ActiveTransaction& active = active_[txn];
    Transaction& transaction = active.transaction;
    transaction.result = outcome.result;
    transaction.error = std::move(outcome.error);
    transaction.error_code = outcome.error_code;
    transaction.steps = std::move(outcome.steps);
    for (const std::string& note : outcome.notes)
        warn(transaction.key() + ": " + note);
    ++done_;
    record_history(active, txn);
    progress(active, transaction.key() + ": " + policy::step_result_name(*transaction.result));
    if (active.ended)
        active.ended(txn, transaction);
}

void TransactionRunner::record_history(const ActiveTransaction& active, const std::string& txn) {
    const Transaction& transaction = active.transaction;
    HistoryEntry entry{.txn = txn,
                       .time_us = base::unix_time_us(),
                       .actor = active.options.actor,
                       .action = active.options.action,
                       .group = transaction.group,
                       .devices = transaction.devices,
                       .driver = bound_driver(transaction),
                       .rule = {},
                       .where = {},
                       .result = policy::step_result_name(*transaction.result),
                       .error = transaction.error};
    for (const policy::Change& change : transaction.changes)
        if (entry.rule.empty() && !change.taken_along) {
            entry.rule = change.rule;
            entry.where = change.where;
        }
    history_.push_back(std::move(entry));
}

void TransactionRunner::on_progress_line(const std::string& txn, const std::string& line) {
    ActiveTransaction& active = active_[txn];
    auto report = decode_message(line);
    if (!report)
        return warn("worker: " + report.error().text());
    if (auto* step = std::get_if<StepStarted>(&report->message)) {
        active.last_step = std::move(step->text);
        return progress(active, active.last_step);
    }
    if (auto* seen = std::get_if<DeviceSeen>(&report->message))
        return active.seen.devices.push_back(std::move(seen->device));
    warn("worker: " + unexpected_message(report->message).text());
}

/// Which write did not return, and who holds the device. Told from what was seen before the write:
/// a device whose unbind hangs must not be read.
std::string TransactionRunner::stuck_error(const std::string& txn,
                                           std::chrono::milliseconds timeout) {
    ActiveTransaction& active = active_[txn];
    std::string text = active.last_step + ": did not return within " + seconds_text(timeout);
    active.seen.rebuild_index();
    std::vector<sysfs::DeviceId> ids;
    for (const sysfs::Device& device : active.seen.devices)
        ids.push_back(device.id);
    std::set<std::string> holders;
    for (const auto& [id, uses] : kernel_.usage(active.seen, ids))
        for (const sysfs::Use& use : uses)
            holders.insert(use.evidence.empty() ? use.text : use.evidence);
    std::string holder_list;
    for (const std::string& holder : holders)
        holder_list += (holder_list.empty() ? "; held by " : ", ") + holder;
    return text + holder_list;
}

/// Why a transaction cannot begin: one of its devices still has an undo coming to it; or its group
/// was undone after it was planned, and members that stood as wanted in between are not in it at
/// all.
std::string TransactionRunner::blocking_reason(const Transaction& transaction) const {
    for (const InFlightTransaction& flight : journal_state_.in_flight)
        for (const policy::Change& change : transaction.changes)
            if (flight.find(change.target.id) != nullptr)
                return change.target.id.display() + ": transaction " + flight.begin.txn +
                       " has not been undone yet: " + pending_undo_error(flight.begin.txn);
    for (const BindingSnapshot& snapshot : undone_)
        for (const policy::Change& change : transaction.changes)
            if (change.target.id == snapshot.device ||
                (transaction.group && transaction.group == snapshot.identity.iommu_group))
                return snapshot.device.display() +
                       ": an interrupted transaction was undone after this was planned; plan again";
    return {};
}

std::string TransactionRunner::pending_undo_error(const std::string& txn) const {
    const auto active = active_.find(txn);
    return active == active_.end() ? "it is still under way" : active->second.error;
}

/// Takes note of one recovery.
Recovery TransactionRunner::to_recovery(const InFlightTransaction& flight, JobEnd how,
                                        const std::string& line) {
    Recovery recovery;
    const std::string& txn = flight.begin.txn;
    const TransactionOutcome outcome =
        how == JobEnd::kAnswered ? parse_outcome(line) : outcome_without_answer(txn, how, line);
    std::string text = "transaction " + txn + " (" + flight.begin.action + " by " +
                       flight.begin.actor + ") was interrupted: ";
    HistoryEntry entry{.txn = txn,
                       .time_us = base::unix_time_us(),
                       .actor = options_.actor,
                       .action = "recover",
                       .group = flight.begin.group,
                       .devices = {},
                       .driver = {},
                       .rule = {},
                       .where = {},
                       .result = policy::step_result_name(outcome.result),
                       .error = outcome.error};
    const bool undone = outcome.result == StepResult::kRolledBack;
    for (const BindingSnapshot& snapshot : flight.begin.devices) {
        entry.devices.push_back(snapshot.device);
        if (undone) {
            recovery.undone.insert(snapshot.device);
        } else {
            recovery.pending_undo[snapshot.device] = outcome.error;
        }
    }
    history_.push_back(std::move(entry));
    active_[txn].error = outcome.error;
    if (!undone)
        recovery.pending_transactions[txn] = outcome.error;
    text += undone ? "undone" : "could not be undone yet";
    if (!outcome.error.empty())
        text += ": " + outcome.error;
    for (const std::string& note : outcome.notes)
        text += "; " + note;
    recovery.notes.push_back(std::move(text));
    return recovery;
}

}  // namespace binding
