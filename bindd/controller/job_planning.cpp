// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/job_planning.hpp"

#include <algorithm>
#include <utility>

#include "base/try.hpp"
#include "bindd/controller/claims.hpp"
#include "bindd/controller/events.hpp"
#include "bindd/controller/job_execution.hpp"
#include "bindd/controller/publication.hpp"
#include "bindd/controller/reconciliation.hpp"
#include "bindd/controller/requested_plan.hpp"
#include "bindd/controller/scans.hpp"
#include "bindd/controller/usage_queries.hpp"
#include "binding/transaction/rebind_plan.hpp"

namespace bindd {

using base::Code;
using base::Result;
using policy::Plan;
using sysfs::DeviceId;

namespace {

void on_planned(StepContext& step, QueuedJob& queued, Plan plan) {
    queued.job.plan = std::move(plan);
    refuse_claimed(step.state, queued.job.plan);
    if (queued.job.request.mode == JobMode::kPlanOnly)
        return finish_job(step, queued, job_ending(queued.job.plan, queued.job.request.mode));
    if (const auto answered = check_answered(step.state.view, queued.job.request, queued.job.plan);
        !answered)
        return fail_job(step, queued.job.id, answered.error());
    execute_plan(step, queued);
}

void start_manual(StepContext& step, const QueuedJob& queued) {
    ControllerState& state = step.state;
    PartialScan scan;
    scan.job = queued.job.id;
    for (const std::string& key : queued.scope.groups)
        for (const DeviceId& device : state.view.members(key))
            scan.devices.push_back(device);
    state.quarantine.remove_from(scan.devices);
    sysfs::ScanOptions wanted = wanted_facts(state);
    // Whether a udev rule of ours has set its override.
    wanted.properties = wanted.properties || queued.job.request.kind == JobKind::kRelease;
    if (queued.job.request.kind == JobKind::kBind) {
        const auto facts = policy::required_facts(queued.job.request.bind_options.driver);
        wanted.drivers.insert(facts.drivers.begin(), facts.drivers.end());
        state.drivers_stale = state.drivers_stale || !facts.drivers.empty();
    }
    start_partial_scan(step, std::move(scan), std::move(wanted));
}

void plan_bind(StepContext& step, const QueuedJob& queued) {
    const View& view = step.state.view;
    std::vector<policy::Rule> rules;
    const policy::Decisions decisions = decide_requested(view, queued.job.request, rules);
    std::vector<DeviceId> devices = policy::devices_changing_driver(decisions, view.inventory);
    std::erase_if(devices, [&](const DeviceId& device) {
        return !queued.scope.groups.contains(view.group_key(device));
    });
    query_usage(step, std::move(devices), JobUsage{queued.job.id});
}

void plan_release(StepContext& step, const QueuedJob& queued) {
    const View& view = step.state.view;
    const JobRequest& request = queued.job.request;
    const auto selection =
        request.kind == JobKind::kRollback
            ? binding::select_rollback(view.journal_state, view.inventory, request.txn)
            : binding::select_release(view.journal_state, view.inventory, request.devices);
    if (!selection)
        return fail_job(step, queued.job.id, selection.error());
    query_usage(step, binding::selected_devices(view.journal_state, *selection, view.inventory),
                JobUsage{queued.job.id, *selection});
}

/// The policies apply again, to everything or to the devices of the request: manual changes and
/// failures are forgotten.
void forget_exceptions(ControllerState& state, const std::vector<DeviceId>& devices) {
    if (devices.empty()) {
        state.manual.clear_all();
        for (auto& [key, status] : state.groups)
            status.reset_history();
    }
    for (const DeviceId& id : devices) {
        const std::string key = state.view.group_key(id);
        for (const DeviceId& member : state.view.members(key))
            state.manual.clear(member);
        state.groups[key].reset_history();
    }
}

void finish_apply_plan(StepContext& step, QueuedJob& queued) {
    ControllerState& state = step.state;
    const JobRequest& request = queued.job.request;
    if (request.mode == JobMode::kExecute)
        forget_exceptions(state, request.devices);
    state.view.decide();
    state.view.make_plan();
    refuse_claimed(state, state.view.plan);
    if (request.mode == JobMode::kExecute && request.devices.empty())
        keep_devices_in_use(step, {});
    publish(step);
    on_planned(step, queued,
               request.devices.empty() ? state.view.plan
                                       : policy::filter_plan(state.view.plan, request.devices));
}

void finish_requested_plan(StepContext& step, QueuedJob& queued) {
    auto plan = requested_plan(step.state.view, queued.job.request);
    plan ? on_planned(step, queued, *std::move(plan)) : fail_job(step, queued.job.id, plan.error());
}

}  // namespace

Result<JobScope> job_scope(const ControllerState& state, const JobRequest& request) {
    const View& view = state.view;
    JobScope scope{.groups = {}, .all = request.kind == JobKind::kApply};
    std::vector<DeviceId> devices = request.devices;
    // A rollback that selects nothing fails in its plan, as it does without the daemon.
    if (request.kind == JobKind::kRollback)
        if (const auto selection =
                binding::select_rollback(view.journal_state, view.inventory, request.txn))
            for (const auto& [txn, ids] : selection->transactions)
                devices.insert(devices.end(), ids.begin(), ids.end());
    const std::vector<DeviceId> children = requested_children(view, request);
    devices.insert(devices.end(), children.begin(), children.end());
    for (const DeviceId& id : devices) {
        if (view.inventory.find(id) == nullptr && !view.journal_state.bound.contains(id))
            return base::fail(Code::kNotFound, {}, id.display(), "no such device",
                              "`vfioctl list -a` shows the devices there are");
        const std::string key = view.group_key(id);
        const auto status = state.groups.find(key);
        const std::string* why = state.quarantine.reason(id);
        if (why != nullptr && status != state.groups.end() &&
            status->second.state == GroupState::kStuck)
            return base::fail(Code::kTimeout, {}, id.display(), "is stuck: " + *why,
                              "try again once its holder has released it");
        scope.groups.insert(key);
    }
    return scope;
}

bool must_wait(const ControllerState& state, const JobRequest& request) {
    const auto scope = job_scope(state, request);
    return scope && std::any_of(scope->groups.begin(), scope->groups.end(), [&](const auto& key) {
               const auto status = state.groups.find(key);
               return state.jobs.is_reserved(key) ||
                      (status != state.groups.end() && status->second.is_working());
           });
}

void on_job_submitted(StepContext& step, JobSubmitted input) {
    (void)step.state.jobs.add(std::move(input.request), std::move(input.scope), step.now);
    step.emit(ArmTimer{TimerId::kJobs, step.now});
}

void on_job_cancelled(StepContext& step, const JobCancelled& input) {
    fail_job(
        step, input.job,
        base::fail(Code::kFailed, "wait", "job " + std::to_string(input.job), "cancelled").value());
}

void start_due_jobs(StepContext& step) {
    std::set<std::string> working;
    for (const auto& [key, status] : step.state.groups)
        if (status.is_working())
            working.insert(key);
    for (const JobId id : step.state.jobs.due(working)) {
        QueuedJob& queued = *step.state.jobs.find(id);
        step.state.jobs.begin(queued);
        step.emit(NotifyJob{id});
        if (queued.job.request.kind == JobKind::kApply)
            start_full_scan(step, {}, id);
        else
            start_manual(step, queued);
    }
}

void plan_apply(StepContext& step, JobId id, const ScanDifference& difference,
                JournalReading journal) {
    ControllerState& state = step.state;
    if (!difference)
        return fail_job(step, id, difference.error());
    state.published.changed.insert(difference->changed.begin(), difference->changed.end());
    apply_journal(step, std::move(journal), JournalChange::kOwn);
    // A plan must not take from an assessment what it knows already: with plans in a loop, nothing
    // would ever be reconciled.
    const QueuedJob* queued = state.jobs.find(id);
    if (queued != nullptr && queued->job.request.mode == JobMode::kExecute) {
        state.usage_known.clear();
        if (state.apply_mode == ApplyMode::kManual && queued->job.request.devices.empty())
            step.emit(WriteUdevRules{state.in_use});
    }
    state.view.decide();
    std::vector<DeviceId> devices = state.view.devices_changing_driver();
    state.quarantine.remove_from(devices);
    query_usage(step, std::move(devices), JobUsage{id});
}

void plan_manual(StepContext& step, JobId id, const std::vector<DeviceId>& devices,
                 const ScanDifference& difference, JournalReading journal) {
    ControllerState& state = step.state;
    const QueuedJob* queued = state.jobs.find(id);
    if (!difference || queued == nullptr)
        return fail_job(step, id, difference ? base::Error{} : difference.error());
    state.published.changed.insert(difference->changed.begin(), difference->changed.end());
    if (queued->job.request.mode == JobMode::kExecute)
        for (const DeviceId& device : devices)
            state.usage_known.erase(device);
    apply_journal(step, std::move(journal), JournalChange::kOwn);
    const JobRequest& request = queued->job.request;
    if (is_of_children(request.kind))
        query_usage(step, requested_children(state.view, request), JobUsage{id});
    else
        request.kind == JobKind::kBind ? plan_bind(step, *queued) : plan_release(step, *queued);
}

void on_job_usage_known(StepContext& step, const JobUsage& usage, const Result<void>& known) {
    QueuedJob* queued = step.state.jobs.find(usage.job);
    if (!known || queued == nullptr)
        return fail_job(step, usage.job, known ? base::Error{} : known.error());
    const View& view = step.state.view;
    switch (queued->job.request.kind) {
        case JobKind::kReconcile:
            return;  // has no usage query of its own
        case JobKind::kApply:
            return finish_apply_plan(step, *queued);
        case JobKind::kBind:
        case JobKind::kSetVfs:
        case JobKind::kCreateMdev:
        case JobKind::kRemoveMdev:
            return finish_requested_plan(step, *queued);
        case JobKind::kRelease:
        case JobKind::kRollback: {
            policy::Plan plan =
                binding::release_plan(view.journal_state, view.inventory, view.usage,
                                      usage.selection, queued->job.request.bind_options.forced);
            binding::check_rebinds(plan, view.policies, view.inventory);
            return on_planned(step, *queued, std::move(plan));
        }
    }
}

}  // namespace bindd
