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

namespace {

bool overlap(const std::set<std::string>& a, const std::set<std::string>& b) {
    return std::any_of(a.begin(), a.end(), [&](const std::string& key) { return b.contains(key); });
}

bool is_by_request(JobKind kind) {
    switch (kind) {
        case JobKind::kReconcile: return false;
        case JobKind::kApply:
        case JobKind::kBind:
        case JobKind::kRelease:
        case JobKind::kRollback: return true;
    }
    return true;
}

}  // namespace

HostKeeper::Way& HostKeeper::new_errand(Request request) {
    forget_old();
    Way& errand = errands_[++last_job_];
    errand.job.id = last_job_;
    errand.job.request = std::move(request);
    return errand;
}

HostKeeper::Way* HostKeeper::errand(JobId id) {
    const auto found = errands_.find(id);
    return found == errands_.end() ? nullptr : &found->second;
}

const Job* HostKeeper::job(JobId id) const {
    const auto found = errands_.find(id);
    return found == errands_.end() ? nullptr : &found->second.job;
}

std::vector<JobId> HostKeeper::jobs() const {
    std::vector<JobId> ids;
    for (const auto& [id, errand] : errands_)
        ids.push_back(id);
    return ids;
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
        const auto track = tracks_.find(key_of(id));
        if (track != tracks_.end() && track->second.state == GroupState::kStuck)
            for (const auto& [txn, stuck] : stuck_)
                if (stuck.devices.contains(id))
                    return sysfs::fail(Code::kTimeout, {}, id.display(), "is stuck: " + stuck.why,
                                       "once its holder has let go, ask again");
        groups.insert(key_of(id));
    }
    return groups;
}

Result<JobId> HostKeeper::submit(Request request) {
    auto groups = groups_of(request);
    if (!groups)
        return propagate(groups);
    const bool whole = request.kind == JobKind::kApply;
    Way& errand = new_errand(std::move(request));
    errand.groups = *std::move(groups);
    errand.all_groups = whole;
    soon_.arm(std::chrono::microseconds(0));
    return errand.job.id;
}

Result<void> HostKeeper::cancel(JobId id) {
    Way* found = errand(id);
    if (found == nullptr)
        return sysfs::fail(Code::kNotFound, "cancel", "job " + std::to_string(id), "no such job");
    if (found->job.state != JobState::kWaiting)
        return sysfs::fail(Code::kBusy, "cancel", "job " + std::to_string(id), "it has begun");
    fail(id, sysfs::fail(Code::kFailed, "wait", "job " + std::to_string(id), "cancelled").value());
    return {};
}

/// From its look until its last transaction has ended: then its groups are looked at like any others.
bool HostKeeper::is_taken(const std::string& key) const {
    return std::any_of(errands_.begin(), errands_.end(), [&](const auto& entry) {
        const Way& errand = entry.second;
        const bool at_it = errand.job.state == JobState::kLooking || errand.under_way != 0;
        return at_it && is_by_request(errand.job.request.kind) &&
               (errand.all_groups || errand.groups.contains(key));
    });
}

bool HostKeeper::may_begin(const Way& errand) const {
    for (const auto& [key, track] : tracks_)
        if (track.at_work() && (errand.all_groups || errand.groups.contains(key)))
            return false;
    // First come, first served; what has begun has its groups to itself.
    return std::none_of(errands_.begin(), errands_.end(), [&](const auto& entry) {
        const Way& other = entry.second;
        const bool ahead = other.job.state != JobState::kEnded && is_by_request(other.job.request.kind) &&
                           (other.job.id < errand.job.id || other.job.state != JobState::kWaiting);
        return &other != &errand && ahead &&
               (other.all_groups || errand.all_groups || overlap(other.groups, errand.groups));
    });
}

void HostKeeper::pump() {
    std::vector<JobId> waiting;
    for (const auto& [id, errand] : errands_)
        if (errand.job.state == JobState::kWaiting && is_by_request(errand.job.request.kind))
            waiting.push_back(id);
    for (const JobId id : waiting)
        if (Way* found = errand(id);
            found != nullptr && found->job.state == JobState::kWaiting && may_begin(*found))
            begin(*found);
}

void HostKeeper::begin(Way& errand) {
    errand.job.state = JobState::kLooking;
    for (Observer* observer : observers_)
        observer->job_changed(errand.job);
    if (errand.job.request.kind == JobKind::kApply)
        begin_apply(errand.job.id);
    else
        begin_by_hand(errand.job.id);
}

/// The policies' word counts again for everything, whatever hands have done and however the last try ended.
void HostKeeper::begin_apply(JobId id) {
    look([this, id](const Result<View::Difference>& difference) {
        if (!difference)
            return fail(id, difference.error());
        changed_.insert(difference->changed.begin(), difference->changed.end());
        refresh_ledger(Whose::kOurs);
        usage_known_.clear();
        view_.decide();
        Ids taken = policy::to_be_taken(view_.policies, view_.decisions, view_.inventory);
        const std::set<DeviceId> untouchable = unreadable();
        std::erase_if(taken, [&](const DeviceId& device) { return untouchable.contains(device); });
        with_usage(std::move(taken), [this, id](const Result<void>& asked) {
            Way* found_errand = errand(id);
            if (!asked || found_errand == nullptr)
                return fail(id, asked ? sysfs::Error{} : asked.error());
            const Request& request = found_errand->job.request;
            if (request.errand == bindd::Errand::kCarryOut) {
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
    const Way& begun = *errand(id);
    Ids ids;
    const std::set<DeviceId> untouchable = unreadable();
    for (const std::string& key : begun.groups)
        for (const DeviceId& device : members(key))
            if (!untouchable.contains(device))
                ids.push_back(device);
    sysfs::Wanted what = wanted();
    if (begun.job.request.kind == JobKind::kBind) {
        const sysfs::Wanted more = policy::wanted_of(begun.job.request.wish.driver);
        what.drivers.insert(more.drivers.begin(), more.drivers.end());
        drivers_stale_ = drivers_stale_ || !more.drivers.empty();
    }
    read(ids, what, [this, id, ids](const Result<View::Difference>& difference) {
        Way* found_errand = errand(id);
        if (!difference || found_errand == nullptr)
            return fail(id, difference ? sysfs::Error{} : difference.error());
        changed_.insert(difference->changed.begin(), difference->changed.end());
        for (const DeviceId& device : ids)
            usage_known_.erase(device);
        refresh_ledger(Whose::kOurs);
        found_errand->job.request.kind == JobKind::kBind ? plan_bind(id) : plan_release(id);
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
    const Way& begun = *errand(id);
    std::vector<policy::Rule> rules;
    const policy::Decisions decisions = decide_by_hand(view_, begun.job.request, rules);
    Ids taken = policy::to_be_taken(view_.policies, decisions, view_.inventory);
    std::erase_if(taken,
                  [&](const DeviceId& device) { return !begun.groups.contains(key_of(device)); });
    with_usage(std::move(taken), [this, id](const Result<void>& asked) {
        Way* found = errand(id);
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
    const Request& request = errand(id)->job.request;
    const auto chosen = request.kind == JobKind::kRollback
                            ? binding::choose_rollback(view_.ledger, request.txn)
                            : binding::choose_release(view_.ledger, request.devices);
    if (!chosen)
        return fail(id, chosen.error());
    with_usage(binding::devices_of(view_.ledger, *chosen, view_.inventory),
               [this, id, chosen = *chosen](const Result<void>& asked) {
                   if (!asked)
                       return fail(id, asked.error());
                   planned(id, binding::release_plan(view_.ledger, view_.inventory, view_.usage, chosen));
               });
}

void HostKeeper::planned(JobId id, Plan plan) {
    Way* found = errand(id);
    if (found == nullptr)
        return;
    found->job.plan = std::move(plan);
    if (found->job.request.errand == bindd::Errand::kPlanOnly)
        return end(*found, ending_of(found->job.plan, found->job.request.errand));
    carry(*found);
}

}  // namespace bindd
