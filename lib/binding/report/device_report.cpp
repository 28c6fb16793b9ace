// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "binding/codec/json.hpp"
#include "binding/report/device_report.hpp"
#include "policy/plan/plan_mdevs.hpp"

/// Devices and groups, and what state a device is in.
namespace binding {
namespace {

using policy::Decision;
using policy::StepResult;
using policy::Transaction;
using policy::Verdict;
using sysfs::Device;

bool has_change(const Transaction& transaction, const sysfs::DeviceId& device) {
    return std::any_of(transaction.changes.begin(), transaction.changes.end(),
                       [&](const policy::Change& change) { return change.target.id == device; });
}

/// The device's own reason, or, when only its group is refused, the first of the group.
std::optional<std::string> reason_text(const Transaction& transaction, const Device& device) {
    std::string text;
    for (const policy::Reason& reason : transaction.reasons)
        if (reason.device == device.id)
            text += (text.empty() ? "" : "; ") + std::string(policy::reason_name(reason.code)) +
                    ": " + reason.text;
    if (!text.empty())
        return text;
    if (transaction.reasons.empty())
        return std::nullopt;
    const policy::Reason& first = transaction.reasons.front();
    return first.device.display() + ": " + policy::reason_name(first.code) + ": " + first.text;
}

DeviceState state_after_run(const Transaction& transaction) {
    std::optional<std::string> why;
    if (!transaction.error.empty())
        why = transaction.error;
    switch (*transaction.result) {
        case StepResult::kDone:
            return {"bound", std::nullopt};
        case StepResult::kStuck:
            return {"stuck", why};
        case StepResult::kSkipped:
            return {"pending", why};
        case StepResult::kRolledBack:
        case StepResult::kFailed:
            return {"failed", why};
    }
    return {"failed", why};
}

DeviceState planned_state(const Transaction& transaction, const Device& device) {
    if (transaction.result)
        return state_after_run(transaction);
    switch (transaction.verdict) {
        case Verdict::kOk:
            return {"bound", std::nullopt};
        case Verdict::kChange:
            // Its group changes, but the device itself is as wanted.
            if (!has_change(transaction, device.id))
                return {"bound", std::nullopt};
            return {"pending", "not applied yet"};
        case Verdict::kRefused:
            return {"refused", reason_text(transaction, device)};
        case Verdict::kConflict:
            return {"conflict", reason_text(transaction, device)};
    }
    return {"pending", std::nullopt};
}

Json wanted_json(const Decision* decision) {
    if (decision == nullptr || decision->outcome != policy::DecisionOutcome::kWanted ||
        decision->rule == nullptr)
        return nullptr;
    return {{"driver", text_or_null(wanted_driver(*decision))},
            {"rule", text_or_null(decision->rule->name)},
            {"where", text_or_null(decision->rule->where.text())}};
}

Json vfio_json(const Device& device) {
    if (!device.vfio)
        return nullptr;
    return {{"group", text_or_null(device.vfio->group)}, {"cdev", text_or_null(device.vfio->cdev)}};
}

}  // namespace

std::optional<std::string> wanted_driver(const Decision& decision) {
    if (decision.rule == nullptr || !decision.rule->driver)
        return std::nullopt;
    switch (decision.rule->driver->kind) {
        case policy::DriverAction::ActionKind::kHost:
            return "host";
        case policy::DriverAction::ActionKind::kNone:
            return "none";
        case policy::DriverAction::ActionKind::kChain:
            break;
    }
    const auto usable = decision.chain.usable();
    if (usable.empty())
        return std::nullopt;
    // Of a module that is not loaded yet the driver's name is not known.
    return usable.front().driver;
}

namespace {

DeviceState decided_state(const Device& device, const Decision* decision,
                          const Transaction* transaction) {
    const bool is_in_transaction = transaction != nullptr && transaction->concerns(device.id);
    if (decision == nullptr || decision->outcome == policy::DecisionOutcome::kUnmanaged) {
        // A group peer that is taken along has no rule of its own.
        if (is_in_transaction && has_change(*transaction, device.id))
            return planned_state(*transaction, device);
        if (policy::has_lost_driver(device))
            return {"unmanaged", policy::kLostDriver};
        return {"unmanaged", std::nullopt};
    }
    switch (decision->outcome) {
        case policy::DecisionOutcome::kUnmanaged:
            break;
        case policy::DecisionOutcome::kProtected:
            return {"unmanaged", decision->why};
        case policy::DecisionOutcome::kConflict:
            return {"conflict", decision->why};
        case policy::DecisionOutcome::kWanted:
            return transaction == nullptr ? DeviceState{"bound", std::nullopt}
                                          : planned_state(*transaction, device);
    }
    return {"unmanaged", std::nullopt};
}

/// What the journal knows of a device that the policies do not want, or want otherwise.
void note_binding(DeviceState& state, const Device& device, const policy::BoundRule& bound) {
    const bool manual = bound.where.empty();
    const bool rebound = !bound.driver.empty() && device.driver.value_or("none") != bound.driver;
    if (state.state == "unmanaged" && !state.reason && bound.taken_along) {
        state.reason = "bound with its group by rule " + bound.rule;
    } else if (state.state == "unmanaged" && !state.reason) {
        state.note = manual ? kNoteManual : kNoteRuleGone;
        state.reason =
            manual ? std::string(bound.driver.empty() ? "changed" : "bound") +
                         " manually; `vfioctl release` undoes it"
                   : "rule " + bound.rule + " (" + bound.where +
                         ") has bound it and is gone or matches it no longer; `vfioctl release` "
                         "returns it";
    } else if (state.state == "pending" && manual && !rebound) {
        state.note = kNoteManual;
        state.reason = kManualReason;
    } else if (state.state == "pending" && rebound) {
        state.note = kNoteDrift;
        state.reason =
            "drift: " + (device.driver ? "rebound to " + *device.driver : std::string("unbound")) +
            " outside bindd; `vfioctl apply` binds it again";
    }
}

}  // namespace

DeviceState device_state(const Device& device, const Decision* decision,
                         const Transaction* transaction, const policy::BoundRule* bound) {
    if (!device.stuck.empty())
        return {"stuck", device.stuck};
    DeviceState state = decided_state(device, decision, transaction);
    if (bound != nullptr && !bound->returned)
        note_binding(state, device, *bound);
    if (!state.reason && !device.fault.empty())
        state.reason =
            std::string(policy::reason_name(policy::ReasonCode::kDeadDevice)) + ": " + device.fault;
    return state;
}

std::string state_text(const DeviceState& state) {
    return state.state + (state.note.empty() ? "" : ", " + state.note);
}

std::string state_line(const DeviceState& state) {
    if (!state.reason)
        return state_text(state);
    const std::string named = state.note + ": ";
    return state_text(state) + ": " +
           state.reason->substr(state.reason->starts_with(named) ? named.size() : 0);
}

Json exception_json(const sysfs::DeviceId& device, const DeviceState& state) {
    return {{"device", utf8(device.display())},
            {"state", state.state},
            {"note", state.note},
            {"reason", text_or_null(state.reason)}};
}

DeviceState with_last_result(DeviceState state, const sysfs::DeviceId& device,
                             const LatestHistory& latest) {
    const auto last = latest.find(device);
    if (state.state != "pending" || last == latest.end())
        return state;
    const HistoryEntry& entry = last->second;
    if (entry.result == "failed" || entry.result == "stuck" || entry.result == "rolled_back") {
        state.state = entry.result == "stuck" ? "stuck" : "failed";
        if (!entry.error.empty())
            state.reason = entry.error;
    } else if (entry.action == "release" && entry.result == "done" && state.note.empty()) {
        state.note = kNoteReleased;
        state.reason = kReleasedReason;
    }
    return state;
}

Json device_json(const Device& device, const DeviceNames& names, const Decision* decision,
                 const DeviceState& state) {
    // Of a protecting rule as well, which wants nothing.
    const bool has_rule = decision != nullptr && decision->rule != nullptr;
    return {{"bus", utf8(device.id.bus)},
            {"address", utf8(device.id.name)},
            {"vendor", hex_or_null(device.ids.vendor, 4)},
            {"device", hex_or_null(device.ids.device, 4)},
            {"subsystem_vendor", hex_or_null(device.ids.subsystem_vendor, 4)},
            {"subsystem_device", hex_or_null(device.ids.subsystem_device, 4)},
            {"class", hex_or_null(device.ids.class_code, 6)},
            {"revision", hex_or_null(device.ids.revision, 2)},
            {"vendor_name", text_or_null(names.vendor)},
            {"device_name", text_or_null(names.device)},
            {"driver", text_or_null(device.driver)},
            {"driver_override", text_or_null(device.driver_override)},
            {"iommu_group", or_null(device.iommu_group)},
            {"numa_node", or_null(device.numa_node)},
            {"boot_vga", or_null(device.boot_vga)},
            {"vfio", vfio_json(device)},
            {"wanted", wanted_json(decision)},
            {"state", state.state},
            {"reason", text_or_null(state.reason)},
            {"note", text_or_null(state.note)},
            {"modalias", text_or_null(device.modalias)},
            {"path", text_or_null(device.path)},
            {"slot", text_or_null(device.slot)},
            {"serial", text_or_null(device.serial)},
            {"netdevs", device.netdevs},
            {"rule", has_rule ? text_or_null(decision->rule->name) : Json(nullptr)},
            {"where", has_rule ? text_or_null(decision->rule->where.text()) : Json(nullptr)}};
}

Json group_json(const sysfs::Group& group) {
    Json devices = Json::array();
    for (const sysfs::DeviceId& device : group.devices)
        devices.push_back(utf8(device.display()));
    Json blockers = Json::array();
    for (const sysfs::Blocker& blocker : group.blockers)
        blockers.push_back({{"address", utf8(blocker.device.display())},
                            {"driver", text_or_null(blocker.driver)},
                            {"why", utf8(blocker.why)}});
    return {{"id", group.id},
            {"type", text_or_null(group.type)},
            {"devices", std::move(devices)},
            {"viable", group.viable()},
            {"blockers", std::move(blockers)}};
}

}  // namespace binding
