// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/events.hpp"

#include <utility>

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
    GroupStatus& status = state.groups[state.view.group_key(id)];
    status.reset_history();
    status.replugged = status.is_working();
    if (state.view.journal_state.bound.erase(id) == 0)
        return;
    state.pending_forgets.insert(id);
    step.send(binding::ForgetDevices{{id}}, Forgetting{id});
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
        case HostEvent::EventKind::kBound:
            step.state.groups[step.state.view.group_key(event.device)].driver_reloaded = true;
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

void apply_journal(StepContext& step, JournalReading journal, JournalChange change) {
    ControllerState& state = step.state;
    if (!journal)
        return step.log(Level::kWarning, LogEvent::kWarning, journal.error().text());
    // That these disappear from the journal soon is our own doing, not a manual release.
    for (const DeviceId& id : state.pending_forgets)
        journal->bound.erase(id);
    const binding::JournalState before =
        std::exchange(state.view.journal_state, *std::move(journal));
    if (change == JournalChange::kOwn || !state.is_ready())
        return;
    const auto& now = state.view.journal_state.bound;
    for (const auto& [id, bound] : before.bound)
        if (const sysfs::Device* device = state.view.inventory.find(id);
            device != nullptr && !now.contains(id))
            state.manual.set(*device, ManualState::ManualAction::kReleased);
    for (const auto& [id, bound] : now)
        if (const sysfs::Device* device = state.view.inventory.find(id);
            device != nullptr && bound.where.empty() && !before.bound.contains(id))
            state.manual.set(*device, ManualState::ManualAction::kBound);
}

void on_forget_finished(StepContext& step, const Forgetting& forgetting, JournalReading journal) {
    step.state.pending_forgets.erase(forgetting.device);
    apply_journal(step, std::move(journal), JournalChange::kOwn);
}

}  // namespace bindd
