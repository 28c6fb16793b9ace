// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "bindd/controller/host_controller.hpp"
#include "binding/transaction/release_plan.hpp"

/// Requests: each has its groups to itself from its look to its end, and waits until they are free.
namespace bindd {

using base::Code;
using base::propagate;
using base::Result;
using policy::Plan;
using sysfs::DeviceId;

const Job* HostController::job(JobId id) const {
    const QueuedJob* found = jobs_.find(id);
    return found == nullptr ? nullptr : &found->job;
}

std::vector<JobId> HostController::jobs() const {
    return jobs_.ids();
}

/// The groups that a request concerns; none for all of them.
Result<std::set<std::string>> HostController::groups_for(const JobRequest& request) const {
    std::set<std::string> groups;
    std::vector<DeviceId> devices = request.devices;
    if (request.kind == JobKind::kRollback) {
        const auto chosen = binding::select_rollback(view_.journal_state, request.txn);
        if (!chosen)
            return propagate(chosen);
        for (const auto& [txn, ids] : *chosen)
            devices.insert(devices.end(), ids.begin(), ids.end());
    }
    for (const DeviceId& id : devices) {
        if (view_.inventory.find(id) == nullptr && !view_.journal_state.bound.contains(id))
            return base::fail(Code::kNotFound, {}, id.display(), "no such device",
                              "`vfioctl list -a` shows the devices there are");
        const auto status = groups_.find(view_.group_key(id));
        const std::string* why = quarantine_.reason(id);
        if (why != nullptr && status != groups_.end() && status->second.state == GroupState::kStuck)
            return base::fail(Code::kTimeout, {}, id.display(), "is stuck: " + *why,
                              "once its holder has let go, ask again");
        groups.insert(view_.group_key(id));
    }
    return groups;
}

Result<JobId> HostController::submit(JobRequest request) {
    auto groups = groups_for(request);
    if (!groups)
        return propagate(groups);
    JobScope scope{.groups = *std::move(groups), .all = request.kind == JobKind::kApply};
    const QueuedJob& queued =
        jobs_.add(std::move(request), std::move(scope), std::chrono::steady_clock::now());
    job_timer_.arm(std::chrono::microseconds(0));
    return queued.job.id;
}

Result<void> HostController::cancel(JobId id) {
    if (auto allowed = jobs_.check_cancel(id); !allowed)
        return allowed;
    fail_job(id,
             base::fail(Code::kFailed, "wait", "job " + std::to_string(id), "cancelled").value());
    return {};
}

void HostController::start_due_jobs() {
    std::set<std::string> working;
    for (const auto& [key, status] : groups_)
        if (status.is_working())
            working.insert(key);
    for (const JobId id : jobs_.due(working))
        if (QueuedJob* found = jobs_.find(id);
            found != nullptr && found->job.state == JobState::kWaiting)
            start_job(*found);
}

void HostController::start_job(QueuedJob& queued) {
    queued.job.state = JobState::kLooking;
    notifier_.notify(&Observer::job_changed, queued.job);
    if (queued.job.request.kind == JobKind::kApply)
        start_apply(queued.job.id);
    else
        start_manual(queued.job.id);
}

/// The policies' word counts again for everything, whatever hands have done and however the last
/// try ended.
void HostController::start_apply(JobId id) {
    scanner_.scan_host([this, id](const Result<View::Difference>& difference) {
        if (!difference)
            return fail_job(id, difference.error());
        notifier_.mark_changed(difference->changed);
        refresh_journal_state(JournalChange::kOwn);
        scanner_.invalidate_all_usage();
        view_.decide();
        DeviceIds taken = view_.devices_losing_driver();
        quarantine_.remove_from(taken);
        scanner_.query_usage(std::move(taken), [this, id](const Result<void>& asked) {
            QueuedJob* found = jobs_.find(id);
            if (!asked || found == nullptr)
                return fail_job(id, asked ? base::Error{} : asked.error());
            const JobRequest& request = found->job.request;
            if (request.mode == JobMode::kExecute) {
                manual_state_.clear_all();
                for (auto& [key, status] : groups_)
                    status.reset_history();
            }
            view_.decide();
            view_.make_plan();
            notify_changes();
            on_planned(id, request.devices.empty()
                               ? view_.plan
                               : policy::filter_plan(view_.plan, request.devices));
        });
    });
}

void HostController::start_manual(JobId id) {
    const QueuedJob& begun = *jobs_.find(id);
    DeviceIds ids;
    for (const std::string& key : begun.scope.groups)
        for (const DeviceId& device : view_.members(key))
            ids.push_back(device);
    quarantine_.remove_from(ids);
    sysfs::ScanOptions what = scanner_.wanted();
    if (begun.job.request.kind == JobKind::kBind) {
        const sysfs::ScanOptions more =
            policy::required_facts(begun.job.request.bind_options.driver);
        what.drivers.insert(more.drivers.begin(), more.drivers.end());
        if (!more.drivers.empty())
            scanner_.invalidate_drivers();
    }
    scanner_.scan_devices(ids, what, [this, id, ids](const Result<View::Difference>& difference) {
        QueuedJob* found = jobs_.find(id);
        if (!difference || found == nullptr)
            return fail_job(id, difference ? base::Error{} : difference.error());
        notifier_.mark_changed(difference->changed);
        for (const DeviceId& device : ids)
            scanner_.invalidate_usage(device);
        refresh_journal_state(JournalChange::kOwn);
        found->job.request.kind == JobKind::kBind ? plan_bind(id) : plan_release(id);
    });
}

namespace {

/// The decisions with what was asked for by hand; `rules` must outlive them.
policy::Decisions decide_manual(const View& view, const JobRequest& request,
                                std::vector<policy::Rule>& rules) {
    std::vector<policy::RequestedRule> requests;
    rules.reserve(request.devices.size());
    for (const DeviceId& id : request.devices)
        if (const sysfs::Device* device = view.inventory.find(id)) {
            rules.push_back(policy::make_bind_rule(*device, request.bind_options));
            requests.push_back({id, &rules.back()});
        }
    return policy::decide(view.policies, view.inventory, view.drivers, requests);
}

}  // namespace

void HostController::plan_bind(JobId id) {
    const QueuedJob& begun = *jobs_.find(id);
    std::vector<policy::Rule> rules;
    const policy::Decisions decisions = decide_manual(view_, begun.job.request, rules);
    DeviceIds taken = policy::devices_losing_driver(decisions, view_.inventory);
    std::erase_if(taken, [&](const DeviceId& device) {
        return !begun.scope.groups.contains(view_.group_key(device));
    });
    scanner_.query_usage(std::move(taken), [this, id](const Result<void>& asked) {
        QueuedJob* found = jobs_.find(id);
        if (!asked || found == nullptr)
            return fail_job(id, asked ? base::Error{} : asked.error());
        const JobRequest& request = found->job.request;
        for (const DeviceId& device : request.devices)
            if (view_.inventory.find(device) == nullptr)
                return fail_job(
                    id, base::fail(Code::kNotFound, "bind", device.display(), "no such device")
                            .value());
        std::vector<policy::Rule> manual_rules;
        const policy::Decisions again = decide_manual(view_, request, manual_rules);
        on_planned(id, policy::filter_plan(
                           policy::make_plan(view_.policies, again, view_.inventory, view_.drivers,
                                             view_.usage, request.bind_options.forced),
                           request.devices));
    });
}

void HostController::plan_release(JobId id) {
    const JobRequest& request = jobs_.find(id)->job.request;
    const auto chosen = request.kind == JobKind::kRollback
                            ? binding::select_rollback(view_.journal_state, request.txn)
                            : binding::select_release(view_.journal_state, request.devices);
    if (!chosen)
        return fail_job(id, chosen.error());
    scanner_.query_usage(binding::selected_devices(view_.journal_state, *chosen, view_.inventory),
                         [this, id, chosen = *chosen](const Result<void>& asked) {
                             if (!asked)
                                 return fail_job(id, asked.error());
                             on_planned(id,
                                        binding::release_plan(view_.journal_state, view_.inventory,
                                                              view_.usage, chosen));
                         });
}

void HostController::on_planned(JobId id, Plan plan) {
    QueuedJob* found = jobs_.find(id);
    if (found == nullptr)
        return;
    found->job.plan = std::move(plan);
    if (found->job.request.mode == JobMode::kPlanOnly)
        return finish_job(*found, job_ending(found->job.plan, found->job.request.mode));
    execute_plan(*found);
}

}  // namespace bindd
