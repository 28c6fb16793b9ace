// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/recovery_events.hpp"

#include <utility>

#include "bindd/controller/journal_changes.hpp"
#include "bindd/controller/publication.hpp"
#include "bindd/controller/scans.hpp"

namespace bindd {

using sysfs::DeviceId;

namespace {

/// A device that must not be read, as the journal describes it.
sysfs::Device recorded_device(const binding::BindingSnapshot& held) {
    sysfs::Device device;
    device.id = held.device;
    device.ids = held.identity.ids;
    device.modalias = held.identity.modalias;
    device.iommu_group = held.identity.iommu_group;
    device.driver = held.before.driver;
    device.driver_override = held.before.driver_override;
    device.has_override = true;
    return device;
}

void quarantine_devices(StepContext& step, const std::string& txn, const std::string& why,
                        const std::vector<sysfs::Device>& devices) {
    ControllerState& state = step.state;
    std::set<DeviceId> ids;
    for (const sysfs::Device& device : devices) {
        ids.insert(device.id);
        if (state.view.inventory.find(device.id) == nullptr)
            state.view.inventory.devices.push_back(device);
    }
    state.quarantine.add(txn, why, ids);
    state.view.inventory.rebuild_index();
    for (const DeviceId& id : state.quarantine.devices_in(txn))
        advance_group(step, state.view.group_key(id), GroupEvent::kStarted);
}

}  // namespace

void on_interrupted_found(StepContext& step, const InterruptedFound& input) {
    std::vector<sysfs::Device> devices;
    for (const binding::BindingSnapshot& held : input.begin.devices)
        devices.push_back(recorded_device(held));
    quarantine_devices(step, input.begin.txn,
                       "transaction " + input.begin.txn + " was interrupted and is being undone",
                       devices);
}

/// Another process holds the lock of these devices. The rest of the host is scanned without them.
void on_read_hung(StepContext& step, ReadHung input) {
    std::string names;
    for (const sysfs::Device& device : input.devices)
        names += (names.empty() ? "" : ", ") + device.id.display();
    const std::string why =
        "reading it does not return: another process holds its lock, perhaps an unbind";
    quarantine_devices(step, input.name, why, input.devices);
    on_recovery_progressed(step,
                           {input.name, RecoveryResult::kPending, {}, std::move(input.journal)});
    step.log(Level::kWarning, LogEvent::kStuck, names + ": " + why);
    scan_all(step);
}

void on_recovery_progressed(StepContext& step, RecoveryProgressed input) {
    ControllerState& state = step.state;
    const bool undone = input.result == RecoveryResult::kUndone;
    if (!input.note.empty())
        step.log(Level::kWarning, undone ? LogEvent::kRecovered : LogEvent::kStuck, input.note,
                 {{"BINDD_TRANSACTION", input.txn}});
    if (!state.quarantine.has(input.txn))
        return;
    const std::set<DeviceId> devices = state.quarantine.devices_in(input.txn);
    if (undone)
        state.quarantine.release(input.txn);
    else if (!input.note.empty())
        state.quarantine.set_reason(input.txn, input.note);
    for (const DeviceId& id : devices) {
        const std::string key = state.view.group_key(id);
        state.dirty.insert(id);
        state.published.changed.insert(id);
        if (!undone) {
            advance_group(step, key, GroupEvent::kTimedOut);
            continue;
        }
        // What failed while the device was held may succeed now.
        state.groups[key].reset_history();
        advance_group(step, key,
                      state.groups[key].state == GroupState::kStuck ? GroupEvent::kReturned
                                                                    : GroupEvent::kFinished);
    }
    apply_journal(step, std::move(input.journal), JournalChange::kOwn);
    publish(step);
    step.emit(ArmTimer{TimerId::kJobs, step.now});  // jobs may have waited for it
}

}  // namespace bindd
