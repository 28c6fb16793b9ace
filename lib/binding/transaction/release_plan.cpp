// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/release_plan.hpp"

#include <algorithm>
#include <set>

#include "base/try.hpp"
#include "binding/journal/journal.hpp"
#include "binding/transaction/apply.hpp"
#include "binding/transaction/journaled_kernel.hpp"
#include "policy/plan/refusal_reasons.hpp"
#include "sysfs/device/names.hpp"

/// What a release or a rollback would do, as a plan: the same steps that the executor takes for
/// Change::To::kHost.
namespace binding {
namespace {

using base::Code;
using base::fail;
using base::Result;
using policy::Change;
using policy::Op;
using policy::Plan;
using policy::Reason;
using policy::ReasonCode;
using policy::Step;
using policy::Transaction;
using policy::Verdict;
using sysfs::Device;
using sysfs::DeviceId;
using sysfs::Inventory;

Step step(Op op, const DeviceId& device, const std::string& value) {
    return {.op = op,
            .device = device,
            .value = value.empty() ? std::nullopt : std::optional(value),
            .module = {},
            .result = {},
            .error = {}};
}

void add_steps(const ManagedDevice& bound, const Device& now, std::vector<Step>& steps) {
    for (auto made = bound.side_effects.rbegin(); made != bound.side_effects.rend(); ++made)
        if (made->op == Op::kCreateMdev)
            steps.push_back(step(Op::kRemoveMdev, {"mdev", made->value},
                                 decode_mdev(made->value, made->before).type));
        else
            steps.push_back(
                step(made->op, now.id, made->op == Op::kSetAccess ? made->value : made->before));
    const bool driver_ours = !now.driver || *now.driver == bound.driver;
    const bool override_ours = now.driver_override == bound.driver;
    if (bound.driver.empty())
        return;
    if (override_ours && now.driver_override != bound.before_override)
        steps.push_back(bound.before_override
                            ? step(Op::kSetOverride, now.id, *bound.before_override)
                            : step(Op::kClearOverride, now.id, ""));
    if (!driver_ours || now.driver == bound.before_driver)
        return;
    if (now.driver)
        steps.push_back(step(Op::kUnbind, now.id, *now.driver));
    if (bound.before_driver)
        steps.push_back(step(Op::kBind, now.id, *bound.before_driver));
}

void add_change(const ManagedDevice& bound, const Inventory& inventory, Transaction& transaction) {
    const Device* now = inventory.find(bound.device);
    const bool there = now != nullptr && same_device(now->identity(), bound.identity);
    Change change;
    change.target = {bound.device, bound.identity};
    change.to = Change::To::kHost;
    change.taken_along = bound.taken_along;
    change.rule = bound.rule;
    change.where = bound.where;
    if (there) {
        change.from_driver = now->driver;
        change.from_override = now->driver_override;
        add_steps(bound, *now, transaction.steps);
    }
    transaction.devices.push_back(bound.device);
    transaction.changes.push_back(std::move(change));
}

/// A VF vanishes while it is in use; an mdev's removal waits until its holder closes it.
/// That there are data on a VF is no use of it.
void refuse_used(const sysfs::Usage& usage, const std::vector<DeviceId>& removed,
                 Transaction& transaction) {
    for (const DeviceId& device : removed) {
        const auto uses = usage.find(device);
        if (uses == usage.end())
            continue;
        for (const sysfs::Use& use : uses->second) {
            const std::string text =
                device.bus == "mdev" ? use.text : "a VF that would go is in use: " + use.text;
            if (use.kind != sysfs::UseKind::kSignature)
                transaction.reasons.push_back(
                    Reason{device.bus == "mdev" ? ReasonCode::kVfioOpen : ReasonCode::kVfsInUse,
                           device, text, use.evidence, false});
        }
    }
}

/// Unbinding a device that is open would block until its holder closes it.
void refuse_open(const sysfs::Usage& usage, Transaction& transaction) {
    for (const DeviceId& device : transaction.devices) {
        const auto uses = usage.find(device);
        if (uses == usage.end())
            continue;
        const bool has_reason =
            std::any_of(transaction.reasons.begin(), transaction.reasons.end(),
                        [&](const Reason& reason) { return reason.device == device; });
        for (const sysfs::Use& use : uses->second)
            if (use.kind == sysfs::UseKind::kVfioOpen && !has_reason)
                transaction.reasons.push_back(
                    Reason{ReasonCode::kVfioOpen, device, use.text, use.evidence, false});
    }
}

/// A device that goes back from a native driver (it was put there by a transaction of ours) may be
/// in use by the host by now. That there are data on it is no use of it.
void refuse_uses_by_host(const sysfs::Usage& usage, Transaction& transaction) {
    for (const Step& each : transaction.steps) {
        const auto uses = usage.find(each.device);
        if (each.op != Op::kUnbind || uses == usage.end() || sysfs::is_vfio_driver(*each.value))
            continue;
        for (const sysfs::Use& use : uses->second)
            if (use.kind != sysfs::UseKind::kSignature && use.kind != sysfs::UseKind::kVfioOpen)
                transaction.reasons.push_back(Reason{policy::to_reason_code(use.kind), each.device,
                                                     use.text, use.evidence, false});
    }
    if (!transaction.reasons.empty())
        transaction.verdict = Verdict::kRefused;
}

}  // namespace

Plan release_plan(const JournalState& journal_state, const Inventory& inventory,
                  const sysfs::Usage& usage, const ReleaseSelection& selection) {
    Plan plan;
    const auto selected = with_vfs(journal_state, inventory, selection);
    for (const auto& [txn, devices] : selected.transactions) {
        Transaction transaction;
        transaction.verdict = Verdict::kChange;
        // The last that was bound goes first.
        for (auto device = devices.rbegin(); device != devices.rend(); ++device) {
            const ManagedDevice undone = journal_state.to_undo(*device, selection.rollback);
            transaction.group = undone.identity.iommu_group;
            refuse_used(usage, removed_with(undone, inventory), transaction);
            add_change(undone, inventory, transaction);
            transaction.changes.back().rollback = selection.rollback;
        }
        refuse_open(usage, transaction);
        refuse_uses_by_host(usage, transaction);
        plan.transactions.push_back(std::move(transaction));
    }
    return plan;
}

Result<Plan> plan_release(sysfs::Kernel& kernel, const StateDir& state, const Inventory& inventory,
                          const std::vector<DeviceId>& devices) {
    const auto journal_state = TRY(read_journal(state));
    const auto selection = TRY(select_release(journal_state, devices));
    return release_plan(
        journal_state, inventory,
        kernel.usage(inventory, selected_devices(journal_state, selection, inventory)), selection);
}

Result<Plan> plan_rollback(sysfs::Kernel& kernel, const StateDir& state, const Inventory& inventory,
                           const std::string& txn) {
    const auto journal_state = TRY(read_journal(state));
    const auto selection = TRY(select_rollback(journal_state, txn));
    return release_plan(
        journal_state, inventory,
        kernel.usage(inventory, selected_devices(journal_state, selection, inventory)), selection);
}

}  // namespace binding
