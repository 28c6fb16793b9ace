// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/executor_messages.hpp"

#include <utility>

#include "base/join.hpp"
#include "bindd/controller/events.hpp"
#include "bindd/controller/job_execution.hpp"
#include "bindd/controller/publication.hpp"
#include "bindd/controller/scan_results.hpp"
#include "bindd/controller/scans.hpp"
#include "bindd/controller/startup.hpp"
#include "bindd/controller/usage_queries.hpp"
#include "sysfs/device/locking_attributes.hpp"

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

void on_interrupted(StepContext& step, const binding::BeginRecord& begin) {
    std::vector<sysfs::Device> devices;
    for (const binding::BindingSnapshot& held : begin.devices)
        devices.push_back(recorded_device(held));
    quarantine_devices(step, begin.txn,
                       "transaction " + begin.txn + " was interrupted and is being undone",
                       devices);
}

/// The rollback of a transaction, or a read that hung, has ended, or is still pending.
void on_recovery_progressed(StepContext& step, const binding::RecoveryEnded& ended,
                            JournalReading journal) {
    ControllerState& state = step.state;
    const bool undone = ended.result == binding::RecoveryResult::kUndone;
    if (!ended.note.empty())
        step.log(Level::kWarning, undone ? LogEvent::kRecovered : LogEvent::kStuck, ended.note,
                 {{"BINDD_TRANSACTION", ended.txn}});
    if (!state.quarantine.has(ended.txn))
        return;
    const std::set<DeviceId> devices = state.quarantine.devices_in(ended.txn);
    if (undone)
        state.quarantine.release(ended.txn);
    else if (!ended.note.empty())
        state.quarantine.set_reason(ended.txn, ended.note);
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
    apply_journal(step, std::move(journal), JournalChange::kOwn);
    publish(step);
    step.emit(ArmTimer{TimerId::kJobs, step.now});  // jobs may have waited for it
}

/// Another process holds the lock of these devices. The rest of the host is scanned without them.
void on_read_hung(StepContext& step, const binding::ReadStuck& stuck, JournalReading journal) {
    const std::string names = base::join(
        stuck.devices, ", ", [](const sysfs::Device& device) { return device.id.display(); });
    const std::string why = sysfs::kReadHangs;
    quarantine_devices(step, stuck.name, why, stuck.devices);
    on_recovery_progressed(step, {stuck.name, binding::RecoveryResult::kPending, {}},
                           std::move(journal));
    step.log(Level::kWarning, LogEvent::kStuck, names + ": " + why);
    scan_all(step);
}

/// Any other message violates the protocol.
struct NoticeHandler {
    StepContext& step;
    JournalReading& journal;

    void operator()(const binding::Warning& warning) const {
        step.log(Level::kWarning, LogEvent::kWarning, warning.text);
    }
    void operator()(binding::InUseFound& found) const { on_in_use_found(step, std::move(found)); }
    void operator()(const binding::TransactionInterrupted& interrupted) const {
        on_interrupted(step, interrupted.begin);
    }
    void operator()(const binding::RecoveryEnded& ended) const {
        on_recovery_progressed(step, ended, std::move(journal));
    }
    void operator()(const binding::ReadStuck& stuck) const {
        on_read_hung(step, stuck, std::move(journal));
    }
    template <typename Other>
    void operator()(const Other& other) const {
        on_protocol_violated(step, binding::unexpected_message(other));
    }
};

using base::Result;

/// False for a reply that does not belong to the request.
struct Collector {
    StepContext& step;
    binding::Message& reply;

    bool operator()(FullScan& scan) const { return collect(scan.found); }
    bool operator()(PartialScan& scan) const { return collect(scan.found); }
    bool operator()(UsageQuery& query) const {
        auto* found = std::get_if<binding::UsageFound>(&reply);
        if (found != nullptr)
            query.found = std::move(found->usage);
        return found != nullptr;
    }
    bool operator()(Execution& execution) const {
        if (auto* started = std::get_if<binding::StepStarted>(&reply))
            on_step_started(step, execution, std::move(started->text));
        else if (auto* ended = std::get_if<binding::TransactionEnded>(&reply))
            execution.ended = std::move(*ended);
        else
            return false;
        return true;
    }
    bool operator()(Forgetting&) const { return false; }

  private:
    [[nodiscard]] bool collect(View::ScanResult& result) const {
        if (auto* found = std::get_if<binding::DeviceFound>(&reply))
            result.devices.push_back(std::move(found->device));
        else if (auto* context = std::get_if<binding::ContextFound>(&reply))
            result.context = std::move(context->context);
        else if (auto* drivers = std::get_if<binding::DriversFound>(&reply))
            result.drivers = std::move(drivers->drivers);
        else
            return false;
        return true;
    }
};

struct Finisher {
    StepContext& step;
    const Result<void>& result;
    JournalReading& journal;

    void operator()(FullScan& scan) const {
        on_full_scan_finished(step, std::move(scan), result, std::move(journal));
    }
    void operator()(PartialScan& scan) const {
        on_partial_scan_finished(step, std::move(scan), result, std::move(journal));
    }
    void operator()(UsageQuery& query) const { on_usage_finished(step, std::move(query), result); }
    void operator()(Execution& execution) const {
        on_transaction_finished(step, std::move(execution), result, std::move(journal));
    }
    void operator()(const Forgetting& forgetting) const {
        on_forget_finished(step, forgetting, std::move(journal));
    }
};

}  // namespace

void on_protocol_violated(StepContext& step, const base::Error& error) {
    step.log(Level::kError, LogEvent::kWarning, "executor: " + error.text());
}

void on_notice(StepContext& step, NoticeReceived input) {
    std::visit(NoticeHandler{step, input.journal}, input.notice);
}

void on_reply(StepContext& step, ReplyReceived input) {
    const auto pending = step.state.pending.find(input.request);
    if (pending != step.state.pending.end() &&
        !std::visit(Collector{step, input.reply}, pending->second.continuation))
        pending->second.error = binding::unexpected_message(input.reply);
}

void on_request_ended(StepContext& step, RequestEnded input) {
    if (input.request == kRecoveryRequest)
        return on_recovery_started(step, input.result);
    auto pending = step.state.pending.extract(input.request);
    if (pending.empty())
        return;
    if (input.result && pending.mapped().error)
        input.result = tl::unexpected(*pending.mapped().error);
    std::visit(Finisher{step, input.result, input.journal}, pending.mapped().continuation);
}

}  // namespace bindd
