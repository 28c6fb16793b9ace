// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/release_plan.hpp"

#include <algorithm>
#include <set>

#include "base/try.hpp"
#include "binding/journal/journal.hpp"
#include "binding/transaction/apply.hpp"
#include "binding/transaction/attributes.hpp"
#include "binding/transaction/journaled_kernel.hpp"
#include "binding/transaction/rebind_plan.hpp"
#include "binding/transaction/usage_check.hpp"
#include "policy/plan/plan_steps.hpp"
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

void add_steps(const ManagedDevice& bound, const Device& now, std::vector<Step>& steps) {
    if (now.driver && *now.driver == bound.driver && needs_unbound_device(bound))
        steps.push_back(plan_step(Op::kUnbind, now.id, *now.driver));
    for (auto made = bound.side_effects.rbegin(); made != bound.side_effects.rend(); ++made)
        steps.push_back(reverse_step(now.id, *made));
    const bool driver_ours = !now.driver || *now.driver == bound.driver;
    const bool override_ours = now.driver_override == bound.driver;
    if (bound.driver.empty())
        return;
    if (override_ours && now.driver_override != bound.before_override)
        steps.push_back(bound.before_override
                            ? plan_step(Op::kSetOverride, now.id, *bound.before_override)
                            : plan_step(Op::kClearOverride, now.id, ""));
    if (!driver_ours || now.driver == bound.before_driver)
        return;
    if (now.driver && !needs_unbound_device(bound))
        steps.push_back(plan_step(Op::kUnbind, now.id, *now.driver));
    if (bound.before_driver)
        steps.push_back(plan_step(Op::kBind, now.id, *bound.before_driver));
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

/// Why the release must wait: whoever uses a device that changes its driver, or that vanishes. That
/// there are data on it, or memory of the firmware's, is no use of it.
class ReleaseReasons {
  public:
    ReleaseReasons(const Inventory& inventory, const sysfs::Usage& usage,
                   const policy::ForcedReasons& forced, Transaction& transaction)
        : inventory_(inventory), usage_(usage), forced_(forced), transaction_(transaction) {}

    /// A VF vanishes while it is in use; an mdev's removal waits until its holder closes it.
    void add_removed(const std::vector<DeviceId>& removed) {
        for (const DeviceId& device : removed)
            for (const sysfs::Use* use : uses_of(device))
                if (device.bus == "mdev")
                    add(device, *use, policy::to_reason_code(use->kind), use->text);
                else
                    add(device, *use, ReasonCode::kVfsInUse,
                        "a VF that would go is in use: " + use->text);
        vanishing_.insert(removed.begin(), removed.end());
    }

    /// Unbinding a device that is open would block until its holder closes it; a BAR that is mapped
    /// would fault. After add_removed(): the VFs of a PF that go are those in its way.
    void add_unbound() {
        for (const Step& step : transaction_.steps)
            if (step.op == Op::kUnbind && !vanishing_.contains(step.device))
                for (const sysfs::Use* use : uses_of(step.device))
                    if (!is_of_children(*use, vanishing_, step.device, inventory_))
                        add(step.device, *use, policy::to_reason_code(use->kind), use->text);
        if (!transaction_.reasons.empty())
            transaction_.verdict = Verdict::kRefused;
    }

  private:
    [[nodiscard]] std::vector<const sysfs::Use*> uses_of(const DeviceId& device) const {
        std::vector<const sysfs::Use*> uses;
        if (const auto found = usage_.find(device); found != usage_.end())
            for (const sysfs::Use& use : found->second)
                if (use.kind != sysfs::UseKind::kSignature &&
                    use.kind != sysfs::UseKind::kFirmwareMemory)
                    uses.push_back(&use);
        return uses;
    }

    void add(const DeviceId& device, const sysfs::Use& use, ReasonCode code, std::string text) {
        Reason reason =
            policy::make_reason(code, device, std::move(text),
                                use.evidence.empty() ? std::nullopt : std::optional(use.evidence));
        reason.forceable = reason.forceable && !use.essential;
        const auto& all = transaction_.reasons;
        if (!(reason.forceable && forced_.codes.contains(code)) &&
            std::find(all.begin(), all.end(), reason) == all.end())
            transaction_.reasons.push_back(std::move(reason));
    }

    const Inventory& inventory_;
    const sysfs::Usage& usage_;
    const policy::ForcedReasons& forced_;
    Transaction& transaction_;
    std::set<DeviceId> vanishing_;
};

/// The second look in the worker accepts what the plan does.
std::vector<sysfs::UseKind> release_accepts(const policy::ForcedReasons& forced) {
    std::vector<sysfs::UseKind> kinds = policy::accepted_uses(policy::Rule{}, forced);
    kinds.push_back(sysfs::UseKind::kSignature);
    return kinds;
}

/// Its override goes, and its native driver may bind it.
Transaction disarm(const Device& device, const Inventory& inventory, const sysfs::Usage& usage,
                   const policy::ForcedReasons& forced) {
    Transaction transaction;
    transaction.group = device.iommu_group;
    transaction.verdict = Verdict::kChange;
    transaction.devices = {device.id};
    Change change;
    change.target = {device.id, device.identity()};
    change.to = Change::To::kHost;
    change.from_driver = device.driver;
    change.from_override = device.driver_override;
    change.accepted_uses = release_accepts(forced);
    transaction.changes = {std::move(change)};
    transaction.steps = policy::make_steps(transaction.changes, inventory);
    ReleaseReasons(inventory, usage, forced, transaction).add_unbound();
    return transaction;
}

}  // namespace

Plan release_plan(const JournalState& journal_state, const Inventory& inventory,
                  const sysfs::Usage& usage, const ReleaseSelection& selection,
                  const policy::ForcedReasons& forced) {
    Plan plan;
    const auto selected = with_vfs(journal_state, inventory, selection);
    for (const auto& [txn, devices] : selected.transactions) {
        Transaction transaction;
        transaction.verdict = Verdict::kChange;
        ReleaseReasons reasons(inventory, usage, forced, transaction);
        // The last that was bound goes first.
        for (auto device = devices.rbegin(); device != devices.rend(); ++device) {
            if (!journal_state.bound.contains(*device)) {
                add_rebind(*device, journal_state, inventory, selection.rollback,
                           release_accepts(forced), transaction);
                continue;
            }
            const ManagedDevice undone = journal_state.to_undo(*device, selection.rollback);
            transaction.group = undone.identity.iommu_group;
            const auto removed = removed_with(undone, inventory);
            reasons.add_removed(removed);
            add_change(undone, inventory, transaction);
            transaction.changes.back().rollback = selection.rollback;
            name_goal(undone, transaction.changes.back());
            transaction.changes.back().accepted_uses = release_accepts(forced);
        }
        if (transaction.changes.empty())
            transaction.verdict = Verdict::kOk;
        reasons.add_unbound();
        plan.transactions.push_back(std::move(transaction));
    }
    for (const DeviceId& device : selection.armed)
        plan.transactions.push_back(disarm(*inventory.find(device), inventory, usage, forced));
    return plan;
}

Result<Plan> plan_release(sysfs::Kernel& kernel, const StateDir& state, const Inventory& inventory,
                          const std::vector<DeviceId>& devices,
                          const policy::ForcedReasons& forced) {
    const auto journal_state = TRY(read_journal(state));
    const auto selection = TRY(select_release(journal_state, inventory, devices));
    return release_plan(
        journal_state, inventory,
        kernel.usage(inventory, selected_devices(journal_state, selection, inventory)), selection,
        forced);
}

Result<Plan> plan_rollback(sysfs::Kernel& kernel, const StateDir& state, const Inventory& inventory,
                           const std::string& txn) {
    const auto journal_state = TRY(read_journal(state));
    const auto selection = TRY(select_rollback(journal_state, inventory, txn));
    return release_plan(
        journal_state, inventory,
        kernel.usage(inventory, selected_devices(journal_state, selection, inventory)), selection);
}

}  // namespace binding
