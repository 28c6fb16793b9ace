// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <memory>

#include "bindd/controller/host_controller.hpp"
#include "binding/codec/messages.hpp"

/// A job's plan on its way through the executor, transaction by transaction, and its end: when the
/// groups that it changed have been looked at again, so that whoever sees it end sees what it did.
namespace bindd {

using base::Result;
using policy::StepResult;
using policy::Transaction;
using policy::Verdict;
using sysfs::DeviceId;

namespace {

bool loads_module(const Transaction& transaction) {
    return std::any_of(
        transaction.steps.begin(), transaction.steps.end(), [](const policy::Step& step) {
            return step.op == policy::Op::kLoadModule && step.result == StepResult::kDone;
        });
}

Ending to_ending(const base::Error& error) {
    switch (error.code) {
        case base::Code::kNotFound:
        case base::Code::kGone:
            return Ending::kNoDevice;
        case base::Code::kTimeout:
            return Ending::kStuck;
        case base::Code::kRefused:
            return Ending::kRefused;
        case base::Code::kInvalid:
        case base::Code::kDenied:
        case base::Code::kBusy:
        case base::Code::kUnsupported:
        case base::Code::kStale:
        case base::Code::kFailed:
            return Ending::kFailed;
    }
    return Ending::kFailed;
}

void log_end(const Log& log, const Job& job, const Transaction& transaction) {
    std::string devices;
    for (const DeviceId& id : transaction.devices)
        devices += (devices.empty() ? "" : " ") + id.display();
    Log::Fields fields{{"BINDD_DEVICES", devices}, {"BINDD_JOB", std::to_string(job.id)}};
    if (!transaction.changes.empty())
        fields.emplace_back("BINDD_RULE", transaction.changes.front().rule);
    if (job.request.requester.uid)
        fields.emplace_back("BINDD_CALLER_UID", std::to_string(*job.request.requester.uid));
    const std::string text = transaction.key() + ": " + devices + ": " +
                             job_kind_name(job.request.kind) + ": " +
                             policy::step_result_name(*transaction.result) +
                             (transaction.error.empty() ? "" : ": " + transaction.error);
    switch (*transaction.result) {
        case StepResult::kDone: {
            const bool released =
                job.request.kind == JobKind::kRelease || job.request.kind == JobKind::kRollback;
            return log.write(Level::kInfo, released ? LogEvent::kReleased : LogEvent::kBound, text,
                             fields);
        }
        case StepResult::kStuck:
            return log.write(Level::kError, LogEvent::kStuck, text, fields);
        case StepResult::kRolledBack:
        case StepResult::kFailed:
        case StepResult::kSkipped:
            return log.write(Level::kError, LogEvent::kFailed, text, fields);
    }
}

}  // namespace

void HostController::execute_plan(QueuedJob& queued) {
    queued.job.state = JobState::kWorking;
    std::vector<std::size_t> to_execute;
    for (std::size_t at = 0; at < queued.job.plan.transactions.size(); ++at) {
        Transaction& transaction = queued.job.plan.transactions[at];
        if (transaction.verdict != Verdict::kChange)
            continue;
        ++queued.job.progress.transactions_total;
        if (groups_[view_.group_key(transaction)].state != GroupState::kStuck) {
            to_execute.push_back(at);
            continue;
        }
        transaction.result = StepResult::kStuck;
        transaction.error = "an earlier write to this group has not returned yet";
    }
    notifier_.notify(&Observer::job_changed, queued.job);
    queued.in_flight = to_execute.size();
    for (const std::size_t at : to_execute)
        execute_transaction(queued, at);
    notify_changes();
    if (to_execute.empty())
        finish_job(queued, job_ending(queued.job.plan, queued.job.request.mode));
}

void HostController::execute_transaction(QueuedJob& queued, std::size_t at) {
    const JobId id = queued.job.id;
    const JobRequest& request = queued.job.request;
    const Transaction& transaction = queued.job.plan.transactions[at];
    const std::string key = view_.group_key(transaction);
    ++groups_[key].in_flight;
    advance(key, GroupEvent::kStarted);
    const auto txn = std::make_shared<std::string>();
    const auto on_reply = [this, id, at, txn](binding::Message reply) {
        QueuedJob* found = jobs_.find(id);
        if (found == nullptr)
            return;
        if (auto* step = std::get_if<binding::StepStarted>(&reply)) {
            found->job.progress.step = std::move(step->text);
            notifier_.notify(&Observer::job_changed, found->job);
        } else if (auto* ended = std::get_if<binding::TransactionEnded>(&reply)) {
            *txn = std::move(ended->txn);
            found->job.plan.transactions[at] = std::move(ended->transaction);
        } else {
            on_protocol_error(binding::unexpected_message(reply));
        }
    };
    const char* action =
        request.kind == JobKind::kReconcile ? "apply" : job_kind_name(request.kind);
    deps_.executor.send(binding::ExecuteTransaction{request.requester.actor(), action,
                                                    request.timeout, transaction},
                        on_reply, [this, id, at, txn](const Result<void>& ended) {
                            QueuedJob* found = jobs_.find(id);
                            if (found == nullptr)
                                return;
                            Transaction& now = found->job.plan.transactions[at];
                            if (!ended || !now.result) {
                                now.result = StepResult::kFailed;
                                now.error =
                                    ended ? "the executor sent no result" : ended.error().text();
                            }
                            on_transaction_ended(id, at, *txn);
                        });
}

void HostController::on_transaction_ended(JobId id, std::size_t at, const std::string& txn) {
    QueuedJob& queued = *jobs_.find(id);
    const Transaction& transaction = queued.job.plan.transactions[at];
    const std::string key = view_.group_key(transaction);
    const bool is_stuck = transaction.result == StepResult::kStuck;
    binding::HistoryEntry entry;
    entry.txn = txn;
    entry.result = policy::step_result_name(*transaction.result);
    entry.error = transaction.error;
    for (const DeviceId& device : transaction.devices) {
        view_.latest[device] = entry;
        dirty_.insert(device);
        notifier_.mark_changed(device);
    }
    if (loads_module(transaction))
        scanner_.invalidate_drivers();
    refresh_journal_state(JournalChange::kOwn);
    log_end(deps_.log, queued.job, transaction);
    GroupStatus& status = groups_[key];
    --status.in_flight;
    status.record_attempt(transaction);
    if (transaction.result == StepResult::kDone)
        record_manual_change(queued, transaction);
    if (is_stuck) {
        quarantine_.add(txn, transaction.error,
                        {transaction.devices.begin(), transaction.devices.end()});
        advance(key, GroupEvent::kTimedOut);
    } else if (status.in_flight == 0) {
        advance(key, GroupEvent::kFinished);
        coalescer_.expedite(key, std::chrono::steady_clock::now());
        schedule_wakeup();
        queued.awaiting_scan.insert(key);
    }
    --queued.in_flight;
    ++queued.job.progress.transactions_done;
    notifier_.notify(&Observer::transaction_finished, queued.job, transaction);
    if (is_stuck)
        notify_changes();
    finish_jobs();
}

/// Events do not undo what someone asked for; not for long if the policies want the same. On disk
/// before they are told that it is done: a start after kill -9 is no reason to undo it either.
void HostController::record_manual_change(const QueuedJob& queued, const Transaction& transaction) {
    const JobKind kind = queued.job.request.kind;
    if (kind == JobKind::kReconcile || kind == JobKind::kApply)
        return;
    for (const DeviceId& id : transaction.devices)
        if (const sysfs::Device* device = view_.inventory.find(id))
            manual_state_.set(*device, kind == JobKind::kBind
                                           ? ManualState::ManualAction::kBound
                                           : ManualState::ManualAction::kReleased);
    save_manual_state();
}

void HostController::finish_jobs() {
    const auto is_quiet = [this](const std::string& key) {
        const auto status = groups_.find(key);
        return status == groups_.end() || status->second.is_working() ||
               status->second.is_up_to_date() || status->second.state == GroupState::kStuck;
    };
    for (const JobId id : jobs_.finished(is_quiet))
        if (QueuedJob* found = jobs_.find(id))
            finish_job(*found, job_ending(found->job.plan, found->job.request.mode));
}

void HostController::fail_job(JobId id, const base::Error& error) {
    QueuedJob* found = jobs_.find(id);
    if (found == nullptr)
        return;
    found->job.error = error;
    finish_job(*found, to_ending(error));
}

void HostController::finish_job(QueuedJob& queued, Ending ending) {
    queued.job.state = JobState::kEnded;
    queued.job.ending = ending;
    notifier_.notify(&Observer::job_ended, queued.job);
    jobs_.retire(queued.job.id, std::chrono::steady_clock::now());
    job_timer_.arm(std::chrono::microseconds(0));
}

void HostController::open(OpenRequest request, std::function<void(Result<OpenedDevice>)> done) {
    deps_.executor.open(request.device, request.backend, std::move(done));
}

}  // namespace bindd
