// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/job_execution.hpp"

#include <algorithm>
#include <utility>

#include "base/join.hpp"
#include "bindd/controller/events.hpp"
#include "bindd/controller/publication.hpp"
#include "bindd/controller/reconciliation.hpp"
#include "bindd/controller/scans.hpp"
#include "sysfs/device/names.hpp"

namespace bindd {

using policy::StepResult;
using policy::Transaction;
using sysfs::DeviceId;

namespace {

bool loads_module(const Transaction& transaction) {
    const auto& steps = transaction.steps;
    return std::any_of(steps.begin(), steps.end(), [](const policy::Step& step) {
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

LogEvent finished_event(const Job& job, StepResult result) {
    switch (result) {
        case StepResult::kDone:
            return job.request.kind == JobKind::kRelease || job.request.kind == JobKind::kRollback
                       ? LogEvent::kReleased
                       : LogEvent::kBound;
        case StepResult::kStuck:
            return LogEvent::kStuck;
        case StepResult::kRolledBack:
        case StepResult::kFailed:
        case StepResult::kSkipped:
            break;
    }
    return LogEvent::kFailed;
}

void log_finished(StepContext& step, const Job& job, const Transaction& transaction) {
    const std::string devices = base::join(transaction.devices, " ", &sysfs::DeviceId::display);
    LogEntry::JournalFields fields{{"BINDD_DEVICES", devices},
                                   {"BINDD_JOB", std::to_string(job.id)}};
    if (!transaction.changes.empty())
        fields.emplace_back("BINDD_RULE", transaction.changes.front().rule);
    if (job.request.requester.uid)
        fields.emplace_back("BINDD_CALLER_UID", std::to_string(*job.request.requester.uid));
    const StepResult result = *transaction.result;
    step.log(result == StepResult::kDone ? Level::kInfo : Level::kError,
             finished_event(job, result),
             transaction.key() + ": " + devices + ": " + job_kind_name(job.request.kind) + ": " +
                 policy::step_result_name(result) +
                 (transaction.error.empty() ? "" : ": " + transaction.error),
             std::move(fields));
}

void execute_transaction(StepContext& step, const QueuedJob& queued, std::size_t index) {
    const JobRequest& request = queued.job.request;
    const Transaction& transaction = queued.job.plan.transactions[index];
    const std::string key = step.state.view.group_key(transaction);
    ++step.state.groups[key].in_flight;
    advance_group(step, key, GroupEvent::kStarted);
    step.send(
        binding::ExecuteTransaction{
            .actor = request.requester.actor(),
            .action = request.kind == JobKind::kReconcile ? "apply" : job_kind_name(request.kind),
            .timeout = request.timeout,
            .transaction = transaction},
        Execution{queued.job.id, index});
}

/// A rollback of a release binds.
bool is_bound_to_vfio(const Transaction& transaction, const DeviceId& id) {
    return std::any_of(
        transaction.steps.begin(), transaction.steps.end(), [&](const policy::Step& each) {
            return each.op == policy::Op::kBind && each.device == id && each.value &&
                   each.result == policy::StepResult::kDone && sysfs::is_vfio_driver(*each.value);
        });
}

/// Events do not undo what a caller asked for (nor a new mdev: no rule forbids one). It is saved
/// before anyone is notified that it is done, as a restart of the daemon must not undo it either.
void record_manual_change(StepContext& step, const Job& job, const Transaction& transaction) {
    const JobKind kind = job.request.kind;
    const bool keeps = kind == JobKind::kBind || is_of_children(kind);
    if (kind == JobKind::kReconcile || kind == JobKind::kApply || kind == JobKind::kCreateMdev)
        return;
    for (const DeviceId& id : transaction.devices)
        if (const sysfs::Device* device = step.state.view.inventory.find(id))
            step.state.manual.set(*device, keeps || is_bound_to_vfio(transaction, id)
                                               ? ManualState::ManualAction::kBound
                                               : ManualState::ManualAction::kReleased);
    save_manual_state(step);
}

/// What the next scan and plan must take into account.
void record_result(StepContext& step, const std::string& txn, const Transaction& transaction) {
    ControllerState& state = step.state;
    binding::HistoryEntry entry;
    entry.txn = txn;
    entry.result = policy::step_result_name(*transaction.result);
    entry.error = transaction.error;
    for (const DeviceId& device : transaction.devices) {
        state.view.latest[device] = entry;
        state.dirty.insert(device);
        state.published.changed.insert(device);
    }
    // Planned from a scan without its new mediated devices, their parent would get them twice:
    // their own events may come after its scan, and their own scan may end after it.
    auto& children = state.groups[state.view.group_key(transaction)].children_to_scan;
    for (const policy::Step& done : transaction.steps)
        if (done.op == policy::Op::kCreateMdev || done.op == policy::Op::kRemoveMdev)
            children.insert(done.device);
    state.drivers_stale = state.drivers_stale || loads_module(transaction);
}

void finish_transaction(StepContext& step, QueuedJob& queued, std::size_t index,
                        const std::string& txn) {
    ControllerState& state = step.state;
    const Transaction& transaction = queued.job.plan.transactions[index];
    const std::string key = state.view.group_key(transaction);
    const bool is_stuck = transaction.result == StepResult::kStuck;
    GroupStatus& status = state.groups[key];
    --status.in_flight;
    status.record_attempt(transaction, step.now);
    if (std::exchange(status.replugged, false))
        status.reset_history();
    if (transaction.result == StepResult::kDone)
        record_manual_change(step, queued.job, transaction);
    if (is_stuck) {
        state.quarantine.add(txn, transaction.error,
                             {transaction.devices.begin(), transaction.devices.end()});
        advance_group(step, key, GroupEvent::kTimedOut);
    } else if (status.in_flight == 0) {
        advance_group(step, key, GroupEvent::kFinished);
        state.coalescer.expedite(key, step.now);
        queued.awaiting_scan.insert(key);
    }
    --queued.in_flight;
    ++queued.job.progress.transactions_done;
    step.emit(NotifyTransaction{queued.job.id, index});
    if (is_stuck)
        publish(step);
    finish_jobs(step);
}

}  // namespace

void execute_plan(StepContext& step, QueuedJob& queued) {
    Job& job = queued.job;
    job.state = JobState::kWorking;
    std::vector<std::size_t> to_execute;
    for (std::size_t index = 0; index < job.plan.transactions.size(); ++index) {
        Transaction& transaction = job.plan.transactions[index];
        if (transaction.verdict != policy::Verdict::kChange)
            continue;
        ++job.progress.transactions_total;
        if (step.state.groups[step.state.view.group_key(transaction)].state != GroupState::kStuck) {
            to_execute.push_back(index);
            continue;
        }
        transaction.result = StepResult::kStuck;
        transaction.error = "an earlier write to this group has not returned yet";
    }
    step.emit(NotifyJob{job.id});
    queued.in_flight = to_execute.size();
    for (const std::size_t index : to_execute)
        execute_transaction(step, queued, index);
    publish(step);
    if (to_execute.empty())
        finish_job(step, queued, job_ending(job.plan, job.request.mode));
}

void on_step_started(StepContext& step, const Execution& execution, std::string text) {
    if (QueuedJob* queued = step.state.jobs.find(execution.job)) {
        queued->job.progress.step = std::move(text);
        step.emit(NotifyJob{execution.job});
    }
}

void on_transaction_finished(StepContext& step, Execution execution,
                             const base::Result<void>& result, JournalReading journal) {
    QueuedJob* queued = step.state.jobs.find(execution.job);
    if (queued == nullptr)
        return;
    Transaction& transaction = queued->job.plan.transactions[execution.index];
    if (result)
        transaction = std::move(execution.ended.transaction);
    if (!result || !transaction.result) {
        transaction.result = StepResult::kFailed;
        transaction.error = result ? "the executor's answer has no result" : result.error().text();
    }
    const std::string txn = result ? execution.ended.txn : "";
    record_result(step, txn, transaction);
    apply_journal(step, std::move(journal), JournalChange::kOwn);
    log_finished(step, queued->job, transaction);
    finish_transaction(step, *queued, execution.index, txn);
}

void finish_jobs(StepContext& step) {
    const auto is_quiet = [&](const std::string& key) {
        const auto status = step.state.groups.find(key);
        return status == step.state.groups.end() || status->second.is_working() ||
               status->second.is_up_to_date() || status->second.state == GroupState::kStuck;
    };
    for (const JobId id : step.state.jobs.finished(is_quiet))
        if (QueuedJob* queued = step.state.jobs.find(id))
            finish_job(step, *queued, job_ending(queued->job.plan, queued->job.request.mode));
}

void finish_job(StepContext& step, QueuedJob& queued, Ending ending) {
    queued.job.state = JobState::kEnded;
    queued.job.ending = ending;
    step.emit(NotifyJobEnded{queued.job.id});
    step.emit(ArmTimer{TimerId::kJobs, step.now});
}

void fail_job(StepContext& step, JobId id, const base::Error& error) {
    if (QueuedJob* queued = step.state.jobs.find(id)) {
        queued->job.error = error;
        finish_job(step, *queued, to_ending(error));
    }
}

}  // namespace bindd
