// SPDX-License-Identifier: LGPL-2.1-or-later
#include <chrono>
#include <utility>

#include "binding/messages.hpp"
#include "binding/session.hpp"
#include "binding/step_log.hpp"

/// What the parent makes of a job that has ended, one way or another.
namespace binding {
namespace {

using policy::Op;
using policy::Step;
using policy::StepResult;
using policy::Transaction;

std::int64_t now_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

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

}  // namespace

std::vector<Step> recorded_steps(std::vector<Step> planned, const InFlight* flight,
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
                        sysfs::fail_errno(result->second, policy::op_name(intent.op),
                                          intent.device.display())
                            .value()
                            .text());
        }
    return std::move(log).finish();
}

std::vector<Job> Session::ended(const Job& job, End how, const std::string& line) {
    const Request request = Request::of(job.request);
    Watched& watched = watched_[request.txn];
    if (watched.recovered)
        return ended_recovery(request.txn, how, line);
    Outcome outcome = how == End::kAnswered ? outcome_of(line) : unanswered(request.txn, how, line);
    if (how == End::kAnswered && watched.death.empty() && !outcome.steps.empty()) {
        finish(request.txn, std::move(outcome));
        return {};
    }
    const auto ledger = read_ledger(state_);
    const InFlight* flight = ledger ? ledger->find_in_flight(request.txn) : nullptr;
    const std::vector<Step>& planned = watched.transaction.steps;
    if (how == End::kDied && watched.death.empty()) {
        watched.death = "its worker process died (" + line + ") at: " + watched.doing;
        watched.steps = recorded_steps(planned, flight, StepResult::kFailed);
        return {{.request = Request{Request::Kind::kUndo, request.txn}.text(),
                 .drivers = job.drivers,
                 .timeout = job.timeout,
                 .followed = job.followed}};
    }
    if (outcome.steps.empty() && watched.death.empty())
        outcome.steps = recorded_steps(
            planned, flight, how == End::kStuck ? StepResult::kStuck : StepResult::kFailed);
    if (!watched.death.empty())
        outcome = after_death(watched, std::move(outcome));
    finish(request.txn, std::move(outcome));
    return {};
}

std::vector<Job> Session::ended_recovery(const std::string& txn, End how, const std::string& line) {
    Watched& watched = watched_[txn];
    const Recovered told = std::exchange(watched.recovered, nullptr);
    told(recovered(*watched.flight, how, line));
    return {};
}

/// The outcome of a job that no worker answered for.
Outcome Session::unanswered(const std::string& txn, End how, const std::string& line) {
    Outcome outcome;
    switch (how) {
        case End::kStuck:
            outcome.result = StepResult::kStuck;
            outcome.error = stuck_text(txn, watched_[txn].options.timeout);
            break;
        case End::kDied:
            outcome.error = "the worker that was to undo it died as well (" + line + ")";
            break;
        case End::kNotBegun:
            outcome.result = StepResult::kSkipped;
            outcome.error = "not begun: another unbind from the same driver is stuck, or no worker "
                            "process could be started";
            break;
        case End::kAnswered:
            break;
    }
    return outcome;
}

/// `undone` is the second worker's. The steps are those of the first, as far as the journal tells.
Outcome Session::after_death(Watched& watched, Outcome undone) {
    if (undone.result == StepResult::kDone)
        undone.notes.push_back(watched.death + ", after it had committed");
    else
        undone.error = watched.death + (undone.error.empty() ? "" : "; " + undone.error);
    undone.steps = std::move(watched.steps);
    for (Step& step : undone.steps)
        if (undone.result == StepResult::kRolledBack && step.result == StepResult::kDone)
            step.result = StepResult::kRolledBack;
    return undone;
}

void Session::finish(const std::string& txn, Outcome outcome) {
    Watched& watched = watched_[txn];
    Transaction& transaction = watched.transaction;
    transaction.result = outcome.result;
    transaction.error = std::move(outcome.error);
    transaction.steps = std::move(outcome.steps);
    for (const std::string& note : outcome.notes)
        warn(transaction.key() + ": " + note);
    ++done_;
    remember(watched, txn);
    progress(watched, transaction.key() + ": " + policy::step_result_name(*transaction.result));
    if (watched.ended)
        watched.ended(txn, transaction);
}

void Session::remember(const Watched& watched, const std::string& txn) {
    const Transaction& transaction = watched.transaction;
    HistoryEntry entry{.txn = txn,
                       .time_us = now_us(),
                       .actor = watched.options.actor,
                       .action = watched.options.action,
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

void Session::said(const std::string& txn, const std::string& line) {
    Watched& watched = watched_[txn];
    const std::size_t space = line.find(' ');
    const std::string text = line.substr(space + 1);
    if (line.starts_with("seen "))
        return watched.seen.push_back(text);
    watched.doing = text;
    progress(watched, text);
}

/// Which write did not return, and who holds the device. Told from what was seen before the write: a
/// device whose unbind hangs must not be read.
std::string Session::stuck_text(const std::string& txn, std::chrono::milliseconds timeout) {
    const Watched& watched = watched_[txn];
    std::string text =
        watched.doing + ": did not return within " + seconds_text(timeout);
    sysfs::Inventory seen;
    for (const std::string& line : watched.seen)
        if (auto device = device_of(line))
            seen.devices.push_back(*std::move(device));
    seen.settle();
    std::vector<sysfs::DeviceId> ids;
    for (const sysfs::Device& device : seen.devices)
        ids.push_back(device.id);
    std::set<std::string> holders;
    for (const auto& [id, uses] : kernel_.usage(seen, ids))
        for (const sysfs::Use& use : uses)
            holders.insert(use.evidence.empty() ? use.text : use.evidence);
    std::string held;
    for (const std::string& holder : holders)
        held += (held.empty() ? "; held by " : ", ") + holder;
    return text + held;
}

/// Why a transaction cannot begin: one of its devices still has an undo coming to it; or its group was undone
/// after it was planned, and members that stood as wanted in between are not in it at all.
std::string Session::in_the_way(const Transaction& transaction) const {
    for (const InFlight& flight : ledger_.in_flight)
        for (const policy::Change& change : transaction.changes)
            if (flight.find(change.target.id) != nullptr)
                return change.target.id.display() + ": transaction " + flight.begin.txn +
                       " has not been undone yet: " + watched_error(flight.begin.txn);
    for (const Held& held : undone_)
        for (const policy::Change& change : transaction.changes)
            if (change.target.id == held.device ||
                (transaction.group && transaction.group == held.identity.iommu_group))
                return held.device.display() +
                       ": an interrupted transaction was undone after this was planned; plan again";
    return {};
}

std::string Session::watched_error(const std::string& txn) const {
    const auto watched = watched_.find(txn);
    return watched == watched_.end() ? "it is still under way" : watched->second.error;
}

/// Takes note of one recovery.
Recovery Session::recovered(const InFlight& flight, End how, const std::string& line) {
    Recovery recovery;
    const std::string& txn = flight.begin.txn;
    const Outcome outcome = how == End::kAnswered ? outcome_of(line) : unanswered(txn, how, line);
    std::string text = "transaction " + txn + " (" + flight.begin.action + " by " +
                       flight.begin.actor + ") was interrupted: ";
    HistoryEntry entry{.txn = txn, .time_us = now_us(), .actor = options_.actor,
                       .action = "recover", .group = flight.begin.group, .devices = {},
                       .driver = {}, .rule = {}, .where = {},
                       .result = policy::step_result_name(outcome.result), .error = outcome.error};
    const bool undone = outcome.result == StepResult::kRolledBack;
    for (const Held& held : flight.begin.devices) {
        entry.devices.push_back(held.device);
        if (undone) {
            recovery.undone.insert(held.device);
        } else {
            recovery.owed[held.device] = outcome.error;
        }
    }
    history_.push_back(std::move(entry));
    watched_[txn].error = outcome.error;
    if (!undone)
        recovery.transactions[txn] = outcome.error;
    text += undone ? "undone" : "could not be undone yet";
    if (!outcome.error.empty())
        text += ": " + outcome.error;
    for (const std::string& note : outcome.notes)
        text += "; " + note;
    recovery.notes.push_back(std::move(text));
    return recovery;
}

}  // namespace binding
