// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "binding/release_plan.hpp"
#include "bindd/host_keeper.hpp"

/// Requests: each has its groups to itself from its look to its end, and waits until they are free.
namespace bindd {

using policy::Plan;
using sysfs::Code;
using sysfs::DeviceId;
using sysfs::propagate;
using sysfs::Result;

const Job* HostKeeper::job(JobId id) const {
    const QueuedJob* found = jobs_.find(id);
    return found == nullptr ? nullptr : &found->job;
}

std::vector<JobId> HostKeeper::jobs() const {
    return jobs_.ids();
}

/// The groups that a request concerns; none for all of them.
Result<std::set<std::string>> HostKeeper::groups_of(const Request& request) const {
    std::set<std::string> groups;
    std::vector<DeviceId> devices = request.devices;
    if (request.kind == JobKind::kRollback) {
        const auto chosen = binding::choose_rollback(view_.ledger, request.txn);
        if (!chosen)
            return propagate(chosen);
        for (const auto& [txn, ids] : *chosen)
            devices.insert(devices.end(), ids.begin(), ids.end());
    }
    for (const DeviceId& id : devices) {
        if (view_.inventory.find(id) == nullptr && !view_.ledger.bound.contains(id))
            return sysfs::fail(Code::kNotFound, {}, id.display(), "no such device",
                               "`vfioctl list -a` shows the devices there are");
        const auto track = tracks_.find(view_.key_of(id));
        const std::string* why = untouchable_.why(id);
        if (why != nullptr && track != tracks_.end() && track->second.state == GroupState::kStuck)
            return sysfs::fail(Code::kTimeout, {}, id.display(), "is stuck: " + *why,
                               "once its holder has let go, ask again");
        groups.insert(view_.key_of(id));
    }
    return groups;
}

Result<JobId> HostKeeper::submit(Request request) {
    auto groups = groups_of(request);
    if (!groups)
        return propagate(groups);
    Claim claim{.groups = *std::move(groups), .all = request.kind == JobKind::kApply};
    const QueuedJob& queued =
        jobs_.add(std::move(request), std::move(claim), std::chrono::steady_clock::now());
    soon_.arm(std::chrono::microseconds(0));
    return queued.job.id;
}

Result<void> HostKeeper::cancel(JobId id) {
    if (auto allowed = jobs_.may_cancel(id); !allowed)
        return allowed;
    fail(id, sysfs::fail(Code::kFailed, "wait", "job " + std::to_string(id), "cancelled").value());
    return {};
}

void HostKeeper::pump() {
    std::set<std::string> at_work;
    for (const auto& [key, track] : tracks_)
        if (track.at_work())
            at_work.insert(key);
    for (const JobId id : jobs_.due(at_work))
        if (QueuedJob* found = jobs_.find(id); found != nullptr && found->job.state == JobState::kWaiting)
            begin(*found);
}

void HostKeeper::begin(QueuedJob& queued) {
    queued.job.state = JobState::kLooking;
    audience_.tell(&Observer::job_changed, queued.job);
    if (queued.job.request.kind == JobKind::kApply)
        begin_apply(queued.job.id);
    else
        begin_by_hand(queued.job.id);
}

/// The policies' word counts again for everything, whatever hands have done and however the last try ended.
void HostKeeper::begin_apply(JobId id) {
    lookout_.look([this, id](const Result<View::Difference>& difference) {
        if (!difference)
            return fail(id, difference.error());
        audience_.note(difference->changed);
        refresh_ledger(Whose::kOurs);
        lookout_.doubt_all_usage();
        view_.decide();
        Ids taken = policy::to_be_taken(view_.policies, view_.decisions, view_.inventory);
        untouchable_.take_out_of(taken);
        lookout_.ask_usage(std::move(taken), [this, id](const Result<void>& asked) {
            QueuedJob* found = jobs_.find(id);
            if (!asked || found == nullptr)
                return fail(id, asked ? sysfs::Error{} : asked.error());
            const Request& request = found->job.request;
            if (request.errand == Errand::kCarryOut) {
                marks_.clear_all();
                for (auto& [key, track] : tracks_)
                    track.begin_anew();
            }
            view_.decide();
            view_.make_plan();
            publish();
            planned(id, request.devices.empty() ? view_.plan
                                                 : policy::only(view_.plan, request.devices));
        });
    });
}

void HostKeeper::begin_by_hand(JobId id) {
    const QueuedJob& begun = *jobs_.find(id);
    Ids ids;
    for (const std::string& key : begun.claim.groups)
        for (const DeviceId& device : view_.members(key))
            ids.push_back(device);
    untouchable_.take_out_of(ids);
    sysfs::Wanted what = lookout_.wanted();
    if (begun.job.request.kind == JobKind::kBind) {
        const sysfs::Wanted more = policy::wanted_of(begun.job.request.wish.driver);
        what.drivers.insert(more.drivers.begin(), more.drivers.end());
        if (!more.drivers.empty())
            lookout_.mind_drivers();
    }
    lookout_.read(ids, what, [this, id, ids](const Result<View::Difference>& difference) {
        QueuedJob* found = jobs_.find(id);
        if (!difference || found == nullptr)
            return fail(id, difference ? sysfs::Error{} : difference.error());
        audience_.note(difference->changed);
        for (const DeviceId& device : ids)
            lookout_.doubt_usage(device);
        refresh_ledger(Whose::kOurs);
        found->job.request.kind == JobKind::kBind ? plan_bind(id) : plan_release(id);
    });
}

namespace {

/// The decisions with what was asked for by hand; `rules` must outlive them.
policy::Decisions decide_by_hand(const View& view, const Request& request,
                                 std::vector<policy::Rule>& rules) {
    std::vector<policy::Request> requests;
    rules.reserve(request.devices.size());
    for (const DeviceId& id : request.devices)
        if (const sysfs::Device* device = view.inventory.find(id)) {
            rules.push_back(policy::hand_rule(*device, request.wish));
            requests.push_back({id, &rules.back()});
        }
    return policy::decide(view.policies, view.inventory, view.drivers, requests);
}

}  // namespace

void HostKeeper::plan_bind(JobId id) {
    const QueuedJob& begun = *jobs_.find(id);
    std::vector<policy::Rule> rules;
    const policy::Decisions decisions = decide_by_hand(view_, begun.job.request, rules);
    Ids taken = policy::to_be_taken(view_.policies, decisions, view_.inventory);
    std::erase_if(taken,
                  [&](const DeviceId& device) { return !begun.claim.groups.contains(view_.key_of(device)); });
    lookout_.ask_usage(std::move(taken), [this, id](const Result<void>& asked) {
        QueuedJob* found = jobs_.find(id);
        if (!asked || found == nullptr)
            return fail(id, asked ? sysfs::Error{} : asked.error());
        const Request& request = found->job.request;
        for (const DeviceId& device : request.devices)
            if (view_.inventory.find(device) == nullptr)
                return fail(id, sysfs::fail(Code::kNotFound, "bind", device.display(), "no such device")
                                    .value());
        std::vector<policy::Rule> by_hand;
        const policy::Decisions again = decide_by_hand(view_, request, by_hand);
        planned(id, policy::only(policy::make_plan(view_.policies, again, view_.inventory, view_.drivers,
                                                   view_.usage, request.wish.lifted),
                                 request.devices));
    });
}

void HostKeeper::plan_release(JobId id) {
    const Request& request = jobs_.find(id)->job.request;
    const auto chosen = request.kind == JobKind::kRollback
                            ? binding::choose_rollback(view_.ledger, request.txn)
                            : binding::choose_release(view_.ledger, request.devices);
    if (!chosen)
        return fail(id, chosen.error());
    lookout_.ask_usage(binding::devices_of(view_.ledger, *chosen, view_.inventory),
               [this, id, chosen = *chosen](const Result<void>& asked) {
                   if (!asked)
                       return fail(id, asked.error());
                   planned(id, binding::release_plan(view_.ledger, view_.inventory, view_.usage, chosen));
               });
}

void HostKeeper::planned(JobId id, Plan plan) {
    QueuedJob* found = jobs_.find(id);
    if (found == nullptr)
        return;
    found->job.plan = std::move(plan);
    if (found->job.request.errand == Errand::kPlanOnly)
        return end(*found, ending_of(found->job.plan, found->job.request.errand));
    carry(*found);
}

}  // namespace bindd
