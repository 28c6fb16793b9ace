// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/events.hpp"

#include "bindd/controller/scans.hpp"

namespace bindd {

using sysfs::DeviceId;

namespace {

constexpr const char* kModulesKey = "modules";  ///< scans only the drivers
constexpr const char* kOverrideFile = "/driver_override";

/// Another device, or the same one inserted again: the history of the previous one does not apply.
void on_plugged(StepContext& step, const DeviceId& id) {
    ControllerState& state = step.state;
    state.manual.clear(id);
    state.groups[state.view.group_key(id)].reset_history();
    if (state.view.journal_state.bound.erase(id) == 0)
        return;
    state.pending_forgets.insert(id);
    step.emit(StartForget{step.add_pending(Forgetting{id}), {id}});
}

}  // namespace

void on_host_event(StepContext& step, const HostEvent& event) {
    switch (event.kind) {
        case HostEvent::EventKind::kLost:
            step.log(Level::kWarning, LogEvent::kWarning,
                     "events were lost: scanning the whole host");
            return scan_all(step);
        case HostEvent::EventKind::kModules:
            step.state.drivers_stale = true;
            return schedule_scan(step, kModulesKey);
        case HostEvent::EventKind::kAdded:
            // A known device is only announced again: by `udevadm trigger`, or because udev was
            // slower than our scan.
            if (step.state.scanned && step.state.view.inventory.find(event.device) == nullptr)
                on_plugged(step, event.device);
            break;
        case HostEvent::EventKind::kRemoved:
            on_plugged(step, event.device);
            break;
        case HostEvent::EventKind::kChanged:
            break;
    }
    mark_dirty(step, event.device);
}

void on_override_written(StepContext& step, const OverrideWritten& input) {
    for (const sysfs::Device& device : step.state.view.inventory.devices)
        if (device.syspath + kOverrideFile == input.file)
            return mark_dirty(step, device.id);
}

void watch_managed_overrides(StepContext& step) {
    WatchOverrides watch;
    for (const auto& [id, bound] : step.state.view.journal_state.bound)
        if (const sysfs::Device* device = step.state.view.inventory.find(id);
            device != nullptr && device->has_override && !bound.driver.empty())
            watch.files.insert(device->syspath + kOverrideFile);
    step.emit(std::move(watch));
}

}  // namespace bindd
