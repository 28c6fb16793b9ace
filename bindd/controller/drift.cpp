// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/drift.hpp"

#include <algorithm>
#include <utility>

namespace bindd {

using policy::Change;
using policy::Transaction;
using sysfs::DeviceId;

namespace {

bool restores_drift(const ControllerState& state, const DeviceId& device) {
    const policy::Decision* decision = state.view.decision(device);
    return state.apply_mode == ApplyMode::kAutomatic && decision != nullptr &&
           decision->rule != nullptr && decision->rule->drift == policy::Drift::kRestore;
}

void log_drift(StepContext& step, const DeviceId& device, const std::string& what) {
    step.log(Level::kWarning, LogEvent::kDrift, device.display() + " " + what,
             {{"BINDD_DEVICE", device.display()}});
}

bool changes_driver(const policy::Step& step) {
    return step.op == policy::Op::kSetOverride || step.op == policy::Op::kClearOverride ||
           step.op == policy::Op::kUnbind || step.op == policy::Op::kBind;
}

bool changes_driver(const Transaction& transaction) {
    return std::any_of(transaction.steps.begin(), transaction.steps.end(),
                       [](const policy::Step& step) { return changes_driver(step); });
}

/// What was done to the device, after "was".
std::string describe_drift(const View& view, const Transaction& transaction) {
    const Change& first = transaction.changes.front();
    if (changes_driver(transaction))
        return first.from_driver ? "rebound to " + *first.from_driver + " outside bindd"
                                 : "unbound outside bindd";
    const sysfs::Device* device = view.inventory.find(first.target.id);
    if (first.set_vfs && device != nullptr && device->sriov)
        return "left with " + std::to_string(device->sriov->enabled) + " VFs outside bindd";
    if (!first.attrs.empty())
        return "given another value of " + first.attrs.front().first + " outside bindd";
    return first.mdevs.empty() ? "given other access to its node outside bindd"
                               : "left without its mediated devices outside bindd";
}

/// The group was as wanted and nothing was plugged in since. VFs and mdevs that went with a driver
/// that was reloaded are no drift: at a start they would be made as well. Before the first scan the
/// journal counts: the device was managed on another driver. One managed since early boot may have
/// no driver yet.
bool is_drift(const ControllerState& state, const GroupStatus& status,
              const Transaction& transaction) {
    if (status.driver_reloaded && !changes_driver(transaction))
        return false;
    if (status.was_in_sync || state.is_ready())
        return status.was_in_sync;
    return std::any_of(
        transaction.changes.begin(), transaction.changes.end(), [&](const Change& change) {
            const binding::ManagedDevice* bound =
                state.view.journal_state.find_managed(change.target.id, change.target.identity);
            return bound != nullptr && !bound->early && !bound->driver.empty() &&
                   !bound->where.empty() && change.from_driver != bound->driver;
        });
}

bool has_lost_override(const sysfs::Device* device, const binding::ManagedDevice& bound) {
    return device != nullptr && binding::same_device(device->identity(), bound.identity) &&
           !bound.driver.empty() && device->has_override && device->driver == bound.driver &&
           device->driver_override != bound.driver;
}

Transaction override_transaction(const sysfs::Device& device, const binding::ManagedDevice& bound) {
    Transaction transaction;
    transaction.group = device.iommu_group;
    transaction.verdict = policy::Verdict::kChange;
    transaction.devices = {device.id};
    Change change;
    change.target = {device.id, device.identity()};
    change.from_driver = device.driver;
    change.from_override = device.driver_override;
    change.candidates = {{.driver = bound.driver,
                          .module = {},
                          .origin = policy::CandidateOrigin::kRule,
                          .from = "drift",
                          .status = policy::CandidateStatus::kUse,
                          .why = {}}};
    change.rule = bound.rule;
    change.where = bound.where;
    transaction.changes.push_back(std::move(change));
    transaction.steps.push_back({.op = policy::Op::kSetOverride,
                                 .device = device.id,
                                 .value = bound.driver,
                                 .module = {},
                                 .result = {},
                                 .error = {}});
    return transaction;
}

}  // namespace

std::string check_drift(StepContext& step, GroupStatus& status, const Transaction& transaction) {
    const Change& first = transaction.changes.front();
    const std::string what = describe_drift(step.state.view, transaction);
    if (!status.drifted && is_drift(step.state, status, transaction)) {
        const bool restored = std::all_of(
            transaction.changes.begin(), transaction.changes.end(),
            [&](const Change& change) { return restores_drift(step.state, change.target.id); });
        log_drift(step, first.target.id,
                  "was " + what + (restored ? ": restored" : ": left unchanged"));
        status.reset_history();
        status.drifted = !restored;
    }
    if (!status.drifted)
        return {};
    return "drift: " + what + "; `vfioctl apply` " +
           (changes_driver(transaction) ? "binds it again" : "restores it");
}

std::vector<Transaction> restore_lost_overrides(StepContext& step) {
    ControllerState& state = step.state;
    std::vector<Transaction> repairs;
    for (const auto& [id, bound] : state.view.journal_state.bound) {
        const sysfs::Device* device = state.view.inventory.find(id);
        if (!has_lost_override(device, bound) || state.claims.contains(id))
            continue;
        const std::string key = state.view.group_key(id);
        GroupStatus& status = state.groups[key];
        if (!status.can_be_evaluated() || status.drifted || status.has_failed() ||
            state.jobs.is_reserved(key))
            continue;
        const bool restored = restores_drift(state, id);
        log_drift(step, id,
                  std::string("lost its driver_override") +
                      (restored ? ": restored" : ": left unchanged"));
        status.drifted = !restored;
        if (restored)
            repairs.push_back(override_transaction(*device, bound));
    }
    return repairs;
}

}  // namespace bindd
