// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/host_keeper.hpp"

#include <algorithm>

#include "binding/json.hpp"
#include "binding/report.hpp"

namespace bindd {

using sysfs::DeviceId;
using sysfs::Result;

namespace {

/// A group is looked at when nothing more has come for this long, or after the longer time in any case.
constexpr std::chrono::milliseconds kQuiet{4};
constexpr std::chrono::milliseconds kLongest{50};
/// Those who wait for us at boot wait no longer, whatever hangs.
constexpr std::chrono::seconds kReadyAnyway{10};
/// What takes longer to undo than this is a device that someone holds: it is as good as stuck.
constexpr std::chrono::seconds kUndone{2};

}  // namespace

HostKeeper::HostKeeper(KeeperParts parts)
    : parts_(std::move(parts)), journal_(parts_.state), marks_(HandMarks::read(parts_.state.run + "/by-hand")),
      coalescer_(kQuiet, kLongest), wake_(parts_.event, [this] { look_at_due(); }),
      soon_(parts_.event, [this] { pump(); }), patience_(parts_.event, [this] { lose_patience(); }),
      reload_(parts_.event, [this] {
          Policies policies = read_policies();
          if (policies.parsed.ok() && policies.parsed.set.generation == view_.policies.generation)
              return rejected_.empty() ? void() : tell_loaded(policies.parsed.diagnostics);
          (void)reload({.uid = std::nullopt, .words = "files"});
      }) {
    parts_.executor.on_notice([this](const auto& words) { notice(words); });
}

void HostKeeper::start() {
    Policies policies = read_policies();
    HandMarks marks = marks_;
    if (policies.parsed.ok())
        take_up(std::move(policies));
    else
        (void)reject(policies);
    marks_ = std::move(marks);  // they outlive a restart
    view_.latest = binding::latest_history(parts_.state);
    patience_.arm(kUndone);
    recover();
}

void HostKeeper::lose_patience() {
    if (undo_is_late_)
        return become_ready();
    undo_is_late_ = true;
    patience_.arm(kReadyAnyway - kUndone);
    if (looked_ && !asking_usage_)
        ready_if_settled();
}

binding::DeviceState HostKeeper::state(const sysfs::Device& device) const {
    for (const auto& [txn, stuck] : stuck_)
        if (stuck.devices.contains(device.id))
            return {"stuck", stuck.why};
    binding::DeviceState state = view_.state(device);
    const auto track = tracks_.find(key_of(device.id));
    if (state.state != "pending" || track == tracks_.end())
        return state;
    if (track->second.at_work())
        state.reason = "under way";
    else if (!track->second.why.empty())
        state.reason = track->second.why;
    return state;
}

GroupState HostKeeper::group_state(int group) const {
    const auto track = tracks_.find("group " + std::to_string(group));
    return track == tracks_.end() ? GroupState::kSettled : track->second.state;
}

std::map<std::string, unsigned> HostKeeper::counts() const {
    std::map<std::string, unsigned> counts{{"unmanaged", 0}, {"bound", 0},    {"pending", 0},
                                           {"refused", 0},   {"conflict", 0}, {"failed", 0},
                                           {"stuck", 0}};
    for (const sysfs::Device& device : view_.inventory.devices)
        ++counts[state(device).state];
    return counts;
}

std::vector<StuckDevice> HostKeeper::stuck() const {
    std::vector<StuckDevice> all;
    for (const auto& [txn, stuck] : stuck_)
        for (const DeviceId& id : stuck.devices)
            all.push_back({id, txn, stuck.why});
    return all;
}

void HostKeeper::usage(std::vector<DeviceId> devices,
                       std::function<void(Result<sysfs::Usage>)> done) {
    const std::set<DeviceId> untouchable = unreadable();
    std::erase_if(devices, [&](const DeviceId& id) { return untouchable.contains(id); });
    with_usage(devices, [this, devices, done = std::move(done)](const Result<void>& asked) {
        if (!asked)
            return done(sysfs::propagate(asked));
        sysfs::Usage found;
        for (const DeviceId& id : devices)
            if (const auto uses = view_.usage.find(id); uses != view_.usage.end())
                found.insert(*uses);
        done(std::move(found));
    });
}

std::string HostKeeper::plan_json() const {
    return binding::dump(binding::plan_json(view_.plan));
}

Result<std::string> HostKeeper::explain_json(const DeviceId& id) const {
    const sysfs::Device* device = view_.inventory.find(id);
    if (device == nullptr)
        return sysfs::fail(sysfs::Code::kNotFound, "explain", id.display(), "no such device");
    const policy::Decision unmanaged{.device = id,
                                     .outcome = policy::Outcome::kUnmanaged,
                                     .rule = nullptr,
                                     .rivals = {},
                                     .chain = {},
                                     .why = "no rule matches it: unmanaged, never touched"};
    const policy::Decision* found = view_.decision(id);
    return binding::dump(binding::explain_json(*device, view_.policies,
                                               found == nullptr ? unmanaged : *found,
                                               view_.transaction(id), view_.inventory));
}

void HostKeeper::observe(Observer& observer) {
    observers_.push_back(&observer);
}

void HostKeeper::forget(Observer& observer) {
    std::erase(observers_, &observer);
}

/// Tells the observers what is not as they were told last.
void HostKeeper::publish() {
    std::set<int> groups;
    std::set<int> had_groups = published_groups_;
    published_groups_.clear();
    for (const auto& [id, group] : view_.inventory.groups)
        published_groups_.insert(id);
    for (auto told = published_.begin(); told != published_.end();)
        if (view_.inventory.find(told->first) != nullptr) {
            ++told;
        } else {
            const DeviceId gone = told->first;
            told = published_.erase(told);
            for (Observer* observer : observers_)
                observer->device_vanished(gone);
        }
    for (const int group : published_groups_)
        if (!had_groups.contains(group))
            for (Observer* observer : observers_)
                observer->group_appeared(group);
    bool any = false;
    for (const sysfs::Device& device : view_.inventory.devices) {
        const binding::DeviceState now = state(device);
        const policy::Decision* decision = view_.decision(device.id);
        const std::string signature = now.state + "\t" + now.reason.value_or("") + "\t" +
                                      (decision != nullptr ? decision->why : "");
        const auto told = published_.find(device.id);
        const bool appeared = told == published_.end();
        if (!appeared && told->second == signature && !changed_.contains(device.id))
            continue;
        any = true;
        published_[device.id] = signature;
        if (device.iommu_group)
            groups.insert(*device.iommu_group);
        for (Observer* observer : observers_)
            appeared ? observer->device_appeared(device.id) : observer->device_changed(device.id);
    }
    changed_.clear();
    for (const int group : had_groups)
        if (!published_groups_.contains(group))
            for (Observer* observer : observers_)
                observer->group_vanished(group);
    for (const int group : groups)
        if (had_groups.contains(group))
            for (Observer* observer : observers_)
                observer->group_changed(group);
    if (any)
        for (Observer* observer : observers_)
            observer->counts_changed();
}

}  // namespace bindd
