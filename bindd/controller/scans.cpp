// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/scans.hpp"

#include <algorithm>
#include <utility>

namespace bindd {

using sysfs::DeviceId;

namespace {

/// The devices to scan for these groups, plus those of groups that no scan is scheduled for: a
/// device that appeared or vanished since it was marked has another key. Devices of working groups
/// are scanned when the transaction has ended.
std::vector<DeviceId> take_dirty(ControllerState& state, const std::set<std::string>& keys) {
    std::vector<DeviceId> devices;
    std::erase_if(state.dirty, [&](const DeviceId& id) {
        const std::string key = state.view.group_key(id);
        const auto status = state.groups.find(key);
        const bool working = status != state.groups.end() && status->second.is_working();
        if (!keys.contains(key) && (working || state.coalescer.is_waiting(key)))
            return false;
        devices.push_back(id);
        return true;
    });
    return devices;
}

}  // namespace

void advance_group(StepContext& step, const std::string& key, GroupEvent event) {
    GroupStatus& status = step.state.groups[key];
    const GroupStep result = next(status.state, event);
    status.state = result.state;
    switch (result.action) {
        case GroupAction::kNone:
            break;
        case GroupAction::kScan:
            schedule_scan(step, key);
            break;
        case GroupAction::kDrop:
            step.state.groups.erase(key);
            step.state.coalescer.forget(key);
            break;
    }
}

void mark_dirty(StepContext& step, const DeviceId& device) {
    step.state.dirty.insert(device);
    advance_group(step, step.state.view.group_key(device), GroupEvent::kChanged);
}

void schedule_scan(StepContext& step, const std::string& key) {
    step.state.groups[key].last_requested = ++step.state.last_scan_request;
    step.state.coalescer.mark_dirty(key, step.now);
}

void update_scan_timer(StepContext& step) {
    const std::optional<Time> next = step.state.coalescer.next();
    if (std::exchange(step.state.scan_timer, next) == next)
        return;
    next ? step.emit(ArmTimer{TimerId::kScan, *next}) : step.emit(DisarmTimer{TimerId::kScan});
}

void scan_all(StepContext& step) {
    ControllerState& state = step.state;
    std::string request = binding::encode_message({0, binding::ScanHost{wanted_facts(state)}});
    if (state.host_scan && state.host_scan->request == request) {
        state.host_scan->another_follows = true;
        return;
    }
    ScanRequests requests;
    for (auto& [key, status] : state.groups) {
        if (!status.is_working() && status.state != GroupState::kStuck)
            status.state = next(status.state, GroupEvent::kChanged).state;
        requests[key] = status.last_requested = ++state.last_scan_request;
        state.coalescer.forget(key);
    }
    state.dirty.clear();
    start_full_scan(step, std::move(requests), std::nullopt);
    state.host_scan = {.sequence = state.scans.last(), .request = std::move(request)};
}

void finish_host_scan(StepContext& step) {
    if (!step.state.host_scan || !step.state.host_scan->ended)
        return;
    if (std::exchange(step.state.host_scan, std::nullopt)->another_follows)
        scan_all(step);
}

void scan_due_groups(StepContext& step) {
    ControllerState& state = step.state;
    state.scan_timer.reset();
    PartialScan scan;
    std::set<std::string> keys;
    std::set<DeviceId> devices;
    for (const std::string& key : state.coalescer.take_due(step.now)) {
        GroupStatus& status = state.groups[key];
        scan.requests[key] = status.last_requested;
        devices.merge(std::exchange(status.children_to_scan, {}));
        keys.insert(key);
        for (const DeviceId& id : state.view.members(key))
            state.dirty.insert(id);
    }
    if (keys.empty())
        return;
    const std::vector<DeviceId> dirty = take_dirty(state, keys);
    devices.insert(dirty.begin(), dirty.end());
    scan.devices.assign(devices.begin(), devices.end());
    state.quarantine.remove_from(scan.devices);
    start_partial_scan(step, std::move(scan), wanted_facts(state));
}

sysfs::ScanOptions wanted_facts(const ControllerState& state) {
    sysfs::ScanOptions wanted = state.view.policies.required_facts();
    wanted.slots = true;
    wanted.resets = true;
    wanted.leave_out = state.quarantine.devices();
    return wanted;
}

void start_full_scan(StepContext& step, ScanRequests requests, std::optional<JobId> job) {
    ControllerState& state = step.state;
    state.drivers_stale = false;
    step.send(binding::ScanHost{wanted_facts(state)},
              FullScan{.requests = std::move(requests),
                       .left_out = state.quarantine.devices(),
                       .sequence = state.scans.begin(),
                       .job = job});
}

void start_partial_scan(StepContext& step, PartialScan scan, sysfs::ScanOptions wanted) {
    ControllerState& state = step.state;
    scan.drivers = std::exchange(state.drivers_stale, false) ? binding::DriverScan::kInclude
                                                             : binding::DriverScan::kSkip;
    scan.sequence = state.scans.begin();
    binding::ScanDevices request{scan.devices, std::move(wanted), scan.drivers};
    step.send(std::move(request), std::move(scan));
}

}  // namespace bindd
