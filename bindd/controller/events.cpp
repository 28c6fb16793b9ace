// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "bindd/controller/host_controller.hpp"
#include "binding/codec/messages.hpp"
#include "binding/journal/journal.hpp"

/// What comes to the controller from outside: uevents, the executor's notices, what other processes
/// write into the journal, policy files.
namespace bindd {

using base::Result;
using sysfs::DeviceId;

namespace {

constexpr const char* kModulesKey =
    "modules";  ///< stirred when only the drivers must be looked at again

constexpr const char* kOverrideFile = "/driver_override";

/// A device that must not be read, as the journal knew it.
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

}  // namespace

void HostController::on_event(const HostEvent& event) {
    switch (event.kind) {
        case HostEvent::EventKind::kLost:
            deps_.log.write(Level::kWarning, LogEvent::kWarning,
                            "events were lost: looking at the whole host");
            return scan_all();
        case HostEvent::EventKind::kModules:
            scanner_.invalidate_drivers();
            return schedule_scan(kModulesKey);
        case HostEvent::EventKind::kAdded:
            // One that is there already is announced anew: `udevadm trigger`, or udev was slower
            // than our look.
            if (scanned_ && view_.inventory.find(event.device) == nullptr)
                on_plugged(event.device);
            break;
        case HostEvent::EventKind::kRemoved:
            on_plugged(event.device);
            break;
        case HostEvent::EventKind::kChanged:
            break;
    }
    dirty_.insert(event.device);
    advance(view_.group_key(event.device), GroupEvent::kChanged);
}

/// Another device, or the same anew: what was done to the one before says nothing of it.
void HostController::on_plugged(const DeviceId& id) {
    manual_state_.clear(id);
    groups_[view_.group_key(id)].reset_history();
    if (view_.journal_state.bound.erase(id) == 0)
        return;
    pending_forgets_.insert(id);
    deps_.executor.send(binding::ForgetDevices{{id}}, {}, [this, id](const Result<void>&) {
        pending_forgets_.erase(id);
        refresh_journal_state(JournalChange::kOwn);
    });
}

void HostController::advance(const std::string& key, GroupEvent event) {
    GroupStatus& status = groups_[key];
    const GroupStep step = next(status.state, event);
    status.state = step.state;
    switch (step.action) {
        case GroupAction::kNone:
            break;
        case GroupAction::kScan:
            schedule_scan(key);
            break;
        case GroupAction::kDrop:
            groups_.erase(key);
            coalescer_.forget(key);
            break;
    }
}

/// What is in flight is what the executor finds to be, and nothing else: it says of each when it is
/// undone. By our own reading, of another moment, we would wait for ever for what our predecessor's
/// executor has ended in between. Events wait for it too: they must not have us read what is in
/// flight.
void HostController::request_recovery() {
    refresh_journal_state(JournalChange::kOwn);
    deps_.executor.send(
        binding::RecoverInterrupted{},
        [this](const binding::Message& reply) { on_executor_notice(reply); },
        [this](const Result<void>& begun) {
            if (!begun)
                deps_.log.write(Level::kError, LogEvent::kWarning, begun.error().text());
            deps_.events.start([this](const HostEvent& event) { this->on_event(event); });
            scan_all();
        });
}

/// A transaction that nobody carries out any more, by the record of its beginning: it is being
/// undone.
void HostController::on_interrupted(const binding::BeginRecord& begun) {
    std::vector<sysfs::Device> devices;
    for (const binding::BindingSnapshot& held : begun.devices)
        devices.push_back(recorded_device(held));
    quarantine_devices(
        begun.txn, "transaction " + begun.txn + " was interrupted and is being undone", devices);
}

/// Not to be read or touched until the executor says that it is over.
void HostController::quarantine_devices(const std::string& txn, const std::string& why,
                                        const std::vector<sysfs::Device>& devices) {
    std::set<DeviceId> ids;
    for (const sysfs::Device& device : devices) {
        ids.insert(device.id);
        if (view_.inventory.find(device.id) == nullptr)
            view_.inventory.devices.push_back(device);
    }
    quarantine_.add(txn, why, ids);
    view_.inventory.rebuild_index();
    for (const DeviceId& id : quarantine_.devices_in(txn))
        advance(view_.group_key(id), GroupEvent::kStarted);
}

/// Somebody else has these devices in hand and does not let go. The rest of the host is looked at
/// without them.
void HostController::on_hung_read(const binding::ReadStuck& stuck) {
    std::string names;
    for (const sysfs::Device& device : stuck.devices)
        names += (names.empty() ? "" : ", ") + device.id.display();
    const std::string why =
        "reading it does not return: somebody else has it in hand, an unbind perhaps";
    quarantine_devices(stuck.name, why, stuck.devices);
    on_recovered({stuck.name, binding::RecoveryResult::kPending, {}});
    deps_.log.write(Level::kWarning, LogEvent::kStuck, names + ": " + why);
    scan_all();
}

void HostController::on_executor_notice(const binding::Message& message) {
    if (const auto* warning = std::get_if<binding::Warning>(&message))
        deps_.log.write(Level::kWarning, LogEvent::kWarning, warning->text);
    else if (const auto* ended = std::get_if<binding::RecoveryEnded>(&message))
        on_recovered(*ended);
    else if (const auto* interrupted = std::get_if<binding::TransactionInterrupted>(&message))
        on_interrupted(interrupted->begin);
    else if (const auto* stuck = std::get_if<binding::ReadStuck>(&message))
        on_hung_read(*stuck);
    else
        on_protocol_error(binding::unexpected_message(message));
}

void HostController::on_protocol_error(const base::Error& error) {
    deps_.log.write(Level::kError, LogEvent::kWarning, "executor: " + error.text());
}

void HostController::on_recovered(const binding::RecoveryEnded& ended) {
    const auto& [txn, result, note] = ended;
    const bool undone = result == binding::RecoveryResult::kUndone;
    if (!note.empty())
        deps_.log.write(Level::kWarning, undone ? LogEvent::kRecovered : LogEvent::kStuck, note,
                        {{"BINDD_TRANSACTION", txn}});
    if (!quarantine_.has(txn))
        return;
    const std::set<DeviceId> devices = quarantine_.devices_in(txn);
    if (undone)
        quarantine_.release(txn);
    else if (!note.empty())
        quarantine_.set_reason(txn, note);
    for (const DeviceId& id : devices) {
        const std::string key = view_.group_key(id);
        dirty_.insert(id);
        notifier_.mark_changed(id);
        if (!undone) {
            advance(key, GroupEvent::kTimedOut);
            continue;
        }
        // What could not be done while someone held it may be done now.
        groups_[key].reset_history();
        advance(key, groups_[key].state == GroupState::kStuck ? GroupEvent::kReturned
                                                              : GroupEvent::kFinished);
    }
    refresh_journal_state(JournalChange::kOwn);
    notify_changes();
    job_timer_.arm(std::chrono::microseconds(0));  // requests may have waited for it
}

/// Whoever else writes the journal (`vfioctl --direct`) does it by hand.
void HostController::refresh_journal_state(JournalChange change) {
    auto ledger = journal_.read();
    if (!ledger)
        return deps_.log.write(Level::kWarning, LogEvent::kWarning, ledger.error().text());
    // That these are still there, and soon not any more, is our own doing and nobody's release.
    for (const DeviceId& id : pending_forgets_)
        ledger->bound.erase(id);
    const binding::JournalState before = std::exchange(view_.journal_state, *std::move(ledger));
    if (change == JournalChange::kOwn || !is_ready())
        return;
    for (const auto& [id, bound] : before.bound)
        if (const sysfs::Device* device = view_.inventory.find(id);
            device != nullptr && !view_.journal_state.bound.contains(id))
            manual_state_.set(*device, ManualState::ManualAction::kReleased);
    for (const auto& [id, bound] : view_.journal_state.bound)
        if (const sysfs::Device* device = view_.inventory.find(id);
            device != nullptr && bound.where.empty() && !before.bound.contains(id))
            manual_state_.set(*device, ManualState::ManualAction::kBound);
}

/// Marks by hand hold until here; decisions point into the set that goes.
void HostController::adopt_policies(LoadedPolicies policies) {
    view_.decisions.clear();
    view_.policies = std::move(policies.parsed.set);
    view_.sources = std::move(policies.sources);
    manual_state_.clear_all();
    for (auto& [key, status] : groups_)
        status.reset_history();
    scanner_.invalidate_drivers();
    view_.decide();
    deps_.log.write(Level::kInfo, LogEvent::kPolicyLoaded,
                    std::to_string(view_.policies.rules.size()) + " rules and " +
                        std::to_string(view_.policies.variants.size()) + " variants of " +
                        std::to_string(view_.sources.size()) + " files are in force",
                    {{"BINDD_POLICY", view_.policies.generation}});
    report_policies_loaded(policies.parsed.diagnostics);
}

/// The files are what is in force, again perhaps: an error that was written into them may have been
/// taken back.
void HostController::report_policies_loaded(const std::vector<policy::Diagnostic>& diagnostics) {
    last_rejection_.clear();
    notifier_.notify(&Observer::policies_reloaded, diagnostics);
}

/// A file that is written and then reloaded by request is rejected twice, and told of once.
Result<void> HostController::reject_policies(const LoadedPolicies& policies) {
    const std::string text = "not loaded, the set in force stays in force:\n" +
                             policy::render(policies.parsed.diagnostics);
    if (std::exchange(last_rejection_, text) != text) {
        deps_.log.write(Level::kError, LogEvent::kPolicyRejected, "policies: " + text);
        notifier_.notify(&Observer::policies_reloaded, policies.parsed.diagnostics);
    }
    return base::fail(base::Code::kInvalid, "", "policies", text);
}

Result<void> HostController::reload(const Requester& /*requester*/) {
    LoadedPolicies policies = load_policies(deps_.policy_paths);
    if (!policies.ok())
        return reject_policies(policies);
    adopt_policies(std::move(policies));
    scan_all();
    return {};
}

void HostController::on_override_written(const std::string& file) {
    for (const sysfs::Device& device : view_.inventory.devices)
        if (device.syspath + kOverrideFile == file)
            return on_event({.kind = HostEvent::EventKind::kChanged, .device = device.id});
}

void HostController::publish_managed_overrides() {
    std::set<std::string> files;
    for (const auto& [id, bound] : view_.journal_state.bound)
        if (const sysfs::Device* device = view_.inventory.find(id);
            device != nullptr && device->has_override && !bound.driver.empty())
            files.insert(device->syspath + kOverrideFile);
    if (on_managed_overrides_)
        on_managed_overrides_(files);
}

void HostController::on_policy_files_changed() {
    // Editors write, rename and touch: the last of it counts.
    reload_timer_.arm(std::chrono::milliseconds(200));
}

}  // namespace bindd
