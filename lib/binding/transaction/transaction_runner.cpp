// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/transaction_runner.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/clock.hpp"
#include "base/try.hpp"
#include "binding/journal/journal_reader.hpp"
#include "binding/journal/transaction_id.hpp"
#include "binding/transaction/execute_transaction.hpp"
#include "binding/transaction/transaction_completion.hpp"

namespace binding {
namespace {

using base::Result;
using policy::Change;
using policy::Plan;
using policy::StepResult;
using policy::Transaction;
using policy::Verdict;

/// Every command replays the journal, so it must stay short.
constexpr std::size_t kCompactAt = 32 * 1024;
constexpr unsigned kMaxWorkers = 8;

unsigned worker_count(const ApplyOptions& options) {
    const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
    const unsigned by_default =
        std::clamp(static_cast<unsigned>(std::max(processors, 1L)), 1U, kMaxWorkers);
    return options.workers != 0 ? options.workers : by_default;
}

std::set<std::string> drivers_to_unbind(const Transaction& transaction) {
    std::set<std::string> drivers;
    for (const Change& change : transaction.changes)
        if (change.from_driver)
            drivers.insert(*change.from_driver);
    return drivers;
}

WorkerJob undo_job(const std::string& txn) {
    return {.name = txn, .request = encode_message({0, UndoTransaction{txn}}), .drivers = {}};
}

}  // namespace

Result<TransactionRunner> TransactionRunner::open(sysfs::Kernel& kernel, const StateDir& state,
                                                  const ApplyOptions& options) {
    auto lock = TRY(Lock::acquire(state, options.lock_timeout));
    auto opened =
        TRY(options.journal_reader != nullptr ? Journal::open(state, *options.journal_reader)
                                              : Journal::open(state));
    TransactionRunner runner(kernel, state, options, std::move(lock), std::move(opened.journal),
                             std::move(opened.journal_state));
    if (runner.journal_state_.damaged_lines != 0)
        runner.warn(state.journal_path() + ": " +
                    std::to_string(runner.journal_state_.damaged_lines) +
                    " damaged line(s) skipped");
    return runner;
}

WorkerPool& TransactionRunner::pool() {
    if (pool_)
        return *pool_;
    WorkerPool::Callbacks callbacks{
        .on_progress_line = [this](const WorkerJob& job,
                                   const std::string& line) { on_progress_line(job.name, line); },
        .on_ended = [this](const WorkerJob& job, JobEnd how,
                           const std::string& line) { return on_job_ended(job, how, line); },
        .on_worker_abandoned = {}};
    if (options_.on_worker_abandoned)
        callbacks.on_worker_abandoned = [this](const WorkerJob& job, pid_t pid) {
            options_.on_worker_abandoned(job.name, pid);
        };
    pool_ = std::make_unique<WorkerPool>(
        [this](const std::string& line, const auto& report) {
            return execute_request(line, report);
        },
        worker_count(options_), options_.timeout, std::move(callbacks));
    return *pool_;
}

/// Runs in the worker: what we know of the transaction, and the journal's state, are its copies
/// from the fork.
std::string TransactionRunner::execute_request(
    const std::string& line, const std::function<void(const std::string&)>& report) {
    const auto send = [](Message message) { return encode_message({0, std::move(message)}); };
    const auto request = decode_message(line);
    if (!request)
        return send(Failed{request.error()});
    const auto context_for = [&](const ApplyOptions& options) {
        return TransactionContext{
            kernel_,
            journal_,
            state_,
            journal_state_,
            options,
            [&](const std::string& text) { report(send(StepStarted{text})); },
            [&](const sysfs::Device& device) { report(send(DeviceSeen{device})); }};
    };
    if (const auto* run = std::get_if<RunTransaction>(&request->message)) {
        const ActiveTransaction& active = active_.at(run->txn);
        TransactionContext context = context_for(active.options);
        return send(binding::execute_transaction(context, active.transaction, run->txn));
    }
    if (const auto* undo = std::get_if<UndoTransaction>(&request->message)) {
        const auto active = active_.find(undo->txn);
        TransactionContext context =
            context_for(active == active_.end() ? options_ : active->second.options);
        return send(undo_transaction(context, undo->txn));
    }
    return send(Failed{unexpected_message(request->message)});
}

Result<JournalState> TransactionRunner::read_state() const {
    return options_.journal_reader != nullptr ? options_.journal_reader->read()
                                              : read_journal(state_);
}

Result<void> TransactionRunner::refresh() {
    auto journal_state = TRY(read_state());
    journal_state_ = std::move(journal_state);
    return {};
}

void TransactionRunner::begin_recovery(const InFlightTransaction& flight,
                                       RecoveredCallback callback) {
    const std::string& txn = flight.begin.txn;
    ActiveTransaction& active = active_[txn];
    active.options = options_;
    active.last_step = "undo";
    active.flight = flight;
    active.recovered = std::move(callback);
    pool().add({undo_job(txn)});
}

Result<Recovery> TransactionRunner::recover() {
    Recovery all;
    for (const InFlightTransaction& flight : journal_state_.in_flight) {
        const auto pending = options_.pending_undo.find(flight.begin.txn);
        if (pending != options_.pending_undo.end()) {
            active_[flight.begin.txn].error = pending->second;
            continue;
        }
        begin_recovery(flight, [this, &all, &flight](const Recovery& one) {
            for (const BindingSnapshot& snapshot : flight.begin.devices)
                if (one.undone.contains(snapshot.device))
                    undone_.push_back(snapshot);
            all.notes.insert(all.notes.end(), one.notes.begin(), one.notes.end());
            all.undone.insert(one.undone.begin(), one.undone.end());
            all.pending_undo.insert(one.pending_undo.begin(), one.pending_undo.end());
            all.pending_transactions.insert(one.pending_transactions.begin(),
                                            one.pending_transactions.end());
        });
    }
    if (!pool_)
        return all;
    pool_->run({});
    TRY(refresh());
    return all;
}

void TransactionRunner::begin(Transaction transaction, const ApplyOptions& options,
                              EndedCallback callback) {
    ++total_;
    newest_id_ = next_transaction_id(
        base::unix_time_us(), newest_id_.empty() ? newest_transaction_id(state_) : newest_id_,
        total_);
    const std::string txn = newest_id_;
    const std::string why = blocking_reason(transaction);
    const std::set<std::string> drivers = drivers_to_unbind(transaction);
    ActiveTransaction& active = active_[txn];
    active.transaction = std::move(transaction);
    active.options = options;
    active.ended = std::move(callback);
    if (why.empty())
        return pool().add({{.name = txn,
                            .request = encode_message({0, RunTransaction{txn}}),
                            .drivers = drivers,
                            .timeout = options.timeout,
                            .needs_new_worker = true,
                            .progress_wanted = bool(options.on_progress)}});
    complete(txn, {.result = StepResult::kFailed,
                   .error = why,
                   .steps = recorded_steps(active.transaction.steps, nullptr, {}),
                   .notes = {}});
}

void TransactionRunner::run(Plan& plan) {
    for (Transaction& transaction : plan.transactions)
        if (transaction.verdict == Verdict::kChange)
            begin(transaction, options_,
                  [&transaction](const std::string&, const Transaction& ended) {
                      transaction = ended;
                  });
    if (pool_)
        pool_->run({});
}

std::vector<WorkerJob> TransactionRunner::on_job_ended(const WorkerJob& job, JobEnd how,
                                                       const std::string& line) {
    const std::string& txn = job.name;
    ActiveTransaction& active = active_[txn];
    if (active.recovered)
        return on_recovery_ended(txn, how, line);
    TransactionOutcome outcome = to_outcome(kernel_, active, how, line);
    if (how == JobEnd::kAnswered && active.worker_death.empty() && !outcome.steps.empty()) {
        complete(txn, std::move(outcome));
        return {};
    }
    const auto journal_state = read_journal(state_);
    const InFlightTransaction* flight =
        journal_state ? journal_state->find_in_flight(txn) : nullptr;
    const std::vector<policy::Step>& planned = active.transaction.steps;
    if (how == JobEnd::kDied && active.worker_death.empty()) {
        active.worker_death = "its worker process died (" + line + ") at: " + active.last_step;
        active.steps = recorded_steps(planned, flight, StepResult::kFailed);
        WorkerJob undo = undo_job(txn);
        undo.drivers = job.drivers;
        undo.timeout = job.timeout;
        undo.progress_wanted = job.progress_wanted;
        return {std::move(undo)};
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
    const TransactionOutcome outcome = to_outcome(kernel_, active, how, line);
    history_.push_back(to_history_entry(*active.flight, outcome, options_.actor));
    active.error = outcome.error;
    callback(to_recovery(*active.flight, outcome));
    return {};
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
    history_.push_back(to_history_entry(active, txn));
    progress(active, transaction.key() + ": " + policy::step_result_name(*transaction.result));
    if (active.ended)
        active.ended(txn, transaction);
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

/// Why a transaction cannot begin: an undo of one of its devices is pending, or its group was
/// undone after it was planned, so that members which were as wanted in between are not part of it.
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

Result<void> TransactionRunner::forget(const std::vector<sysfs::DeviceId>& devices,
                                       const std::string& why) {
    for (const sysfs::DeviceId& device : devices) {
        const auto bound = journal_state_.bound.find(device);
        if (bound != journal_state_.bound.end() &&
            !kernel_.is_present({device, bound->second.identity}))
            TRY(journal_.append(ReleasedRecord{device, why}, Sync::kLater));
    }
    return refresh();
}

void TransactionRunner::close() {
    if (const auto written = append_history(state_, history_); !written)
        warn("history: " + written.error().text());
    history_.clear();
    if (journal_.size() <= kCompactAt)
        return;
    const auto journal_state = read_state();
    if (!journal_state)
        return warn("journal: " + journal_state.error().text());
    // What is in force is written again by each compaction, so only once most of the file is not:
    // nine times for 500 bindings, one after the other.
    if (journal_state->lines < 3 * journal_state->records().size())
        return;
    if (const auto compacted = journal_.compact(*journal_state); !compacted)
        warn("journal: " + compacted.error().text());
}

void TransactionRunner::warn(const std::string& text) const {
    if (options_.on_warning)
        options_.on_warning(text);
}

void TransactionRunner::progress(const ActiveTransaction& active, const std::string& doing) const {
    if (active.options.on_progress)
        active.options.on_progress({done_, total_, doing});
}

}  // namespace binding
