// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/scan_results.hpp"

#include <algorithm>
#include <utility>

#include "bindd/controller/events.hpp"
#include "bindd/controller/job_execution.hpp"
#include "bindd/controller/job_planning.hpp"
#include "bindd/controller/reconciliation.hpp"
#include "bindd/controller/scans.hpp"
#include "bindd/controller/startup.hpp"

namespace bindd {

using base::Result;
using sysfs::DeviceId;

namespace {

/// A group may have been dropped and tracked anew while the scan ran: its new status has other
/// request numbers, as none is given twice.
void record_scanned(ControllerState& state, const ScanRequests& requests) {
    for (const auto& [key, request] : requests)
        if (const auto status = state.groups.find(key); status != state.groups.end())
            status->second.last_scanned = std::max(status->second.last_scanned, request);
}

/// Devices that were left out stay as they were, and so do those that a later scan has reported.
Result<View::Difference> merge_full_scan(ControllerState& state, FullScan& scan,
                                         const Result<void>& result) {
    if (!result) {
        state.drivers_stale = true;
        state.scans.end(scan.sequence, {});
        return base::propagate(result);
    }
    std::set<DeviceId> kept = scan.left_out;
    const auto keep_stale = [&](const std::vector<sysfs::Device>& devices) {
        for (const sysfs::Device& device : devices)
            if (state.scans.is_stale(scan.sequence, device.id))
                kept.insert(device.id);
    };
    keep_stale(scan.found.devices);
    keep_stale(state.view.inventory.devices);
    std::erase_if(scan.found.devices, [&](const auto& device) { return kept.contains(device.id); });
    state.scans.end_all(scan.sequence);
    return state.view.apply_full_scan(std::move(scan.found), kept);
}

Result<View::Difference> merge_partial_scan(ControllerState& state, PartialScan& scan,
                                            const Result<void>& result) {
    if (!result) {
        state.drivers_stale = state.drivers_stale || scan.drivers == binding::DriverScan::kInclude;
        state.scans.end(scan.sequence, {});
        return base::propagate(result);
    }
    const auto is_stale = [&](const DeviceId& id) {
        return state.scans.is_stale(scan.sequence, id);
    };
    std::vector<DeviceId> asked = scan.devices;
    std::erase_if(asked, is_stale);
    std::erase_if(scan.found.devices, [&](const auto& device) { return is_stale(device.id); });
    state.scans.end(scan.sequence, asked);
    return state.view.apply_partial_scan(std::move(scan.found), asked);
}

/// The links of a PF change when a VF of it appears or vanishes.
void mark_physical_functions_dirty(StepContext& step, const View::Difference& difference) {
    const ControllerState& state = step.state;
    for (const DeviceId& id : difference.appeared) {
        const sysfs::Device* device = state.view.inventory.find(id);
        if (device == nullptr || !device->vf)
            continue;
        if (const DeviceId pf{"pci", device->vf->pf}; state.published.devices.contains(pf))
            mark_dirty(step, pf);
    }
    if (difference.vanished.empty())
        return;
    for (const sysfs::Device& device : state.view.inventory.devices)
        if (device.sriov &&
            std::any_of(device.sriov->vfs.begin(), device.sriov->vfs.end(), [&](const auto& vf) {
                return difference.vanished.contains({"pci", vf.second});
            }))
            mark_dirty(step, device.id);
}

void on_devices_scanned(StepContext& step, const std::vector<DeviceId>& devices,
                        const View::Difference& difference, JournalReading journal) {
    ControllerState& state = step.state;
    for (const DeviceId& id : devices)
        state.usage_known.erase(id);
    for (const DeviceId& id : difference.vanished)
        state.usage_known.erase(id);
    state.published.changed.insert(difference.changed.begin(), difference.changed.end());
    // While a device is absent its events have its own key, not that of its group.
    for (const DeviceId& id : difference.appeared)
        state.groups[state.view.group_key(id)].reset_history();
    mark_physical_functions_dirty(step, difference);
    apply_journal(step, std::move(journal), JournalChange::kForeign);
    if (std::exchange(state.take_manual_back, false))
        state.manual.clear_all();
    state.manual.prune(state.view.inventory);
    assess(step);
}

}  // namespace

void on_full_scan_finished(StepContext& step, FullScan scan, const Result<void>& result,
                           JournalReading journal) {
    ControllerState& state = step.state;
    const auto difference = merge_full_scan(state, scan, result);
    if (scan.job)
        return plan_apply(step, *scan.job, difference, std::move(journal));
    if (state.host_scan && state.host_scan->sequence == scan.sequence)
        state.host_scan->ended = true;
    // A device was found to hang meanwhile: a scan without it is already in progress.
    if (!difference && state.quarantine.devices() != scan.left_out)
        return;
    state.scanned = true;
    if (!difference) {
        step.log(Level::kError, LogEvent::kWarning, difference.error().text());
        become_ready(step);
        return finish_host_scan(step);
    }
    record_scanned(state, scan.requests);
    state.usage_known.clear();
    if (state.apply_mode == ApplyMode::kAutomatic)
        step.emit(WriteUdevRules{state.in_use});
    on_devices_scanned(step, {}, *difference, std::move(journal));
}

void on_partial_scan_finished(StepContext& step, PartialScan scan, const Result<void>& result,
                              JournalReading journal) {
    const auto difference = merge_partial_scan(step.state, scan, result);
    if (scan.job)
        return plan_manual(step, *scan.job, scan.devices, difference, std::move(journal));
    record_scanned(step.state, scan.requests);
    if (!difference) {
        step.log(Level::kWarning, LogEvent::kWarning, difference.error().text());
        return finish_jobs(step);
    }
    on_devices_scanned(step, scan.devices, *difference, std::move(journal));
}

}  // namespace bindd
