// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/rebind_plan.hpp"

#include <algorithm>
#include <utility>

#include "binding/transaction/journaled_kernel.hpp"
#include "policy/decide/match.hpp"
#include "policy/model/device_attributes.hpp"
#include "policy/plan/refusal_reasons.hpp"
#include "sysfs/device/group.hpp"
#include "sysfs/device/names.hpp"

namespace binding {
namespace {

using policy::Op;
using policy::Step;

/// As a plan shows it.
policy::ChainLink goal(const std::optional<std::string>& driver) {
    return {.driver = driver.value_or("none"), .module = {}, .from = {}, .why = {}};
}

bool needs_unbound(const IntentRecord& intent) {
    return intent.op == Op::kSetAttr &&
           policy::needs_unbound_device(policy::split_assignment(intent.before).first);
}

/// The driver and the override as restore() puts them back.
void add_binding_steps(const sysfs::Device& now, const PreviousBinding& wanted, bool is_unbound,
                       std::vector<Step>& steps) {
    if (now.driver_override != wanted.driver_override)
        steps.push_back(plan_step(wanted.driver_override ? Op::kSetOverride : Op::kClearOverride,
                                  now.id, wanted.driver_override.value_or("")));
    if (now.driver && now.driver != wanted.driver && !is_unbound)
        steps.push_back(plan_step(Op::kUnbind, now.id, *now.driver));
    if (wanted.driver && now.driver != wanted.driver)
        steps.push_back(plan_step(Op::kBind, now.id, *wanted.driver));
}

/// Intents without what was before are of the driver and its override.
void add_undo_steps(const InFlightTransaction& changes, const sysfs::Device& now,
                    std::vector<Step>& steps) {
    bool unbound = false;
    for (auto intent = changes.intents.rbegin(); intent != changes.intents.rend(); ++intent) {
        if (intent->before.empty())
            continue;
        if (now.driver && !unbound && needs_unbound(*intent)) {
            steps.push_back(plan_step(Op::kUnbind, now.id, *now.driver));
            unbound = true;
        }
        steps.push_back(reverse_step(now.id, {intent->op, intent->value, intent->before}));
    }
    add_binding_steps(now, changes.begin.devices.front().before, unbound, steps);
}

void refuse(policy::ReasonCode code, const sysfs::DeviceId& device, const std::string& why,
            policy::Transaction& transaction) {
    const auto same = [&](const policy::Reason& reason) {
        return reason.code == code && reason.device == device;
    };
    transaction.verdict = policy::Verdict::kRefused;
    if (std::ranges::none_of(transaction.reasons, same))
        transaction.reasons.push_back(policy::make_reason(code, device, why));
}

void refuse_protected(const sysfs::Device& device, const policy::PolicySet& set,
                      const sysfs::Inventory& inventory, policy::Transaction& transaction) {
    for (const policy::Rule& rule : set.rules)
        if (rule.protect && policy::matches(rule.match, device, inventory))
            refuse(policy::ReasonCode::kProtected, device.id,
                   "protected by " + policy::rule_citation(rule), transaction);
}

/// On the driver that the transaction gives it.
sysfs::Device as_planned(const sysfs::Device& device, const policy::Transaction& transaction) {
    sysfs::Device planned = device;
    for (const policy::Change& change : transaction.changes)
        if (change.target.id == device.id && change.target_name()) {
            planned.driver = change.target_name();
            planned.vfio.reset();
            if (planned.driver == "none")
                planned.driver.reset();
        }
    return planned;
}

/// A driver of the host may have got one of the group since.
void refuse_not_viable(const sysfs::Device& device, const sysfs::Inventory& inventory,
                       policy::Transaction& transaction) {
    const sysfs::Group* group = inventory.find_group(device);
    if (group == nullptr)
        return;
    for (const sysfs::DeviceId& id : group->devices)
        if (const sysfs::Device* member = inventory.find(id))
            if (const sysfs::Device planned = as_planned(*member, transaction);
                !sysfs::leaves_dma_alone(planned))
                refuse(policy::ReasonCode::kGroupNotViable, id,
                       "the group would not be viable: it is " + sysfs::blocking_reason(planned),
                       transaction);
}

}  // namespace

Step plan_step(Op op, const sysfs::DeviceId& device, const std::string& value) {
    return {.op = op,
            .device = device,
            .value = value.empty() ? std::nullopt : std::optional(value),
            .module = {},
            .result = {},
            .error = {}};
}

Step reverse_step(const sysfs::DeviceId& device, const SideEffect& made) {
    if (made.op == Op::kCreateMdev || made.op == Op::kRemoveMdev)
        return plan_step(made.op == Op::kCreateMdev ? Op::kRemoveMdev : Op::kCreateMdev,
                         {"mdev", made.value}, decode_mdev(made.value, made.before).type);
    return plan_step(made.op, device, made.op == Op::kSetAccess ? made.value : made.before);
}

void add_rebind(const sysfs::DeviceId& id, const JournalState& journal_state,
                const sysfs::Inventory& inventory, const std::string& rollback,
                const std::vector<sysfs::UseKind>& accepted, policy::Transaction& transaction) {
    const auto changes = journal_state.changes_since(rollback, id);
    const sysfs::Device* now = inventory.find(id);
    if (!changes)
        return;
    const BindingSnapshot& snapshot = changes->begin.devices.front();
    if (now == nullptr || !same_device(now->identity(), snapshot.identity)) {
        transaction.notes.push_back(id.display() + " is not there any more, or is another device");
        return;
    }
    policy::Change change;
    change.target = {id, snapshot.identity};
    change.to = policy::Change::To::kHost;
    change.candidates.push_back(goal(snapshot.before.driver));
    change.from_driver = now->driver;
    change.from_override = now->driver_override;
    change.accepted_uses = accepted;
    change.taken_along = snapshot.taken_along;
    change.rule = snapshot.rule;
    change.where = snapshot.where;
    change.rollback = rollback;
    add_undo_steps(*changes, *now, transaction.steps);
    transaction.group = snapshot.identity.iommu_group;
    transaction.devices.push_back(id);
    transaction.changes.push_back(std::move(change));
}

void name_goal(const ManagedDevice& undone, policy::Change& change) {
    const auto& driver = undone.before_driver;
    const bool leaves_host = !undone.driver.empty() && !sysfs::is_vfio_driver(undone.driver);
    if (!change.rollback.empty() && leaves_host && driver != undone.driver &&
        (!driver || sysfs::is_vfio_driver(*driver)))
        change.candidates.push_back(goal(driver));
}

bool is_rebind(const policy::Change& change) {
    return change.to == policy::Change::To::kHost && !change.candidates.empty();
}

void check_rebinds(policy::Plan& plan, const policy::PolicySet& set,
                   const sysfs::Inventory& inventory) {
    for (policy::Transaction& transaction : plan.transactions)
        for (const policy::Change& change : transaction.changes) {
            const sysfs::Device* device = inventory.find(change.target.id);
            if (device == nullptr || !is_rebind(change))
                continue;
            refuse_protected(*device, set, inventory, transaction);
            if (sysfs::is_vfio_driver(change.target_name().value_or("")))
                refuse_not_viable(*device, inventory, transaction);
        }
}

}  // namespace binding
