// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/release_plan.hpp"

#include <algorithm>
#include <set>

#include "base/try.hpp"
#include "binding/journal/journal.hpp"
#include "binding/transaction/apply.hpp"
#include "binding/transaction/journaled_kernel.hpp"
#include "sysfs/device/names.hpp"

/// What a release would do, as a plan: the same steps that the executor takes for
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

/// What a release of this device would make vanish: VFs and mdevs that we made.
std::vector<DeviceId> removed_with(const ManagedDevice& bound, const Inventory& inventory) {
    std::vector<DeviceId> removed;
    const Device* device = inventory.find(bound.device);
    for (const SideEffect& made : bound.side_effects) {
        if (made.op == Op::kCreateMdev)
            removed.push_back({"mdev", made.value});
        else if (made.op == Op::kSetVfs && device != nullptr && device->sriov)
            for (const auto& [index, name] : device->sriov->vfs)
                removed.push_back({"pci", name});
    }
    return removed;
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
    if (!transaction.reasons.empty())
        transaction.verdict = Verdict::kRefused;
}

bool in_one_group(const ManagedDevice& a, const ManagedDevice& b) {
    return a.identity.iommu_group && a.identity.iommu_group == b.identity.iommu_group;
}

/// The devices that a release of one returns together. With a device go the peers that were taken
/// along for it, by whichever transaction: those of its transaction or its rule, and those whose
/// rule has no other device left. With a peer goes what it was taken along for.
class ReleasedTogether {
  public:
    ReleasedTogether(const JournalState& journal_state, const ManagedDevice& first)
        : bound_(journal_state.bound) {
        select(first);
        for (std::size_t before = 0; before != devices_.size();) {
            before = devices_.size();
            for (const auto& [id, one] : bound_)
                if (!devices_.contains(id) && goes_along(one))
                    select(one);
        }
    }
    [[nodiscard]] const std::set<DeviceId>& devices() const { return devices_; }

  private:
    void select(const ManagedDevice& one) { devices_.insert(one.device); }

    [[nodiscard]] bool goes_along(const ManagedDevice& one) const {
        return std::any_of(devices_.begin(), devices_.end(), [&](const DeviceId& id) {
            const ManagedDevice& selected = bound_.at(id);
            const bool related = one.txn == selected.txn ||
                                 (one.rule == selected.rule && in_one_group(one, selected));
            if (related && (one.taken_along || selected.taken_along))
                return true;
            return one.taken_along && in_one_group(one, selected) && !has_owner_left(one);
        });
    }

    /// Is there a device that stays bound and that `peer` was taken along for?
    [[nodiscard]] bool has_owner_left(const ManagedDevice& peer) const {
        return std::any_of(bound_.begin(), bound_.end(), [&](const auto& entry) {
            const ManagedDevice& owner = entry.second;
            return !owner.taken_along && owner.rule == peer.rule && in_one_group(owner, peer) &&
                   !devices_.contains(owner.device);
        });
    }

    const std::map<DeviceId, ManagedDevice>& bound_;
    std::set<DeviceId> devices_;
};

/// A group is released by one transaction: two would race.
void select_device(const JournalState& journal_state, const ManagedDevice& bound,
                   ReleaseSelection& selection) {
    std::string key = bound.txn;
    for (const auto& [txn, devices] : selection) {
        if (devices.contains(bound.device))
            return;
        if (in_one_group(journal_state.bound.at(*devices.begin()), bound))
            key = txn;
    }
    selection[key].merge(std::set<DeviceId>(ReleasedTogether(journal_state, bound).devices()));
}

/// VFs of ours are released before the PF that makes them vanish, in one transaction: two would
/// race.
ReleaseSelection with_vfs(const JournalState& journal_state, const Inventory& inventory,
                          ReleaseSelection selection) {
    ReleaseSelection with_pf;
    for (const auto& [txn, devices] : selection)
        for (const DeviceId& device : devices)
            for (const DeviceId& removed : removed_with(journal_state.bound.at(device), inventory))
                if (journal_state.bound.contains(removed))
                    with_pf[txn].insert(removed);
    for (const auto& [txn, vfs] : with_pf) {
        for (auto& [other, devices] : selection)
            std::erase_if(devices, [&](const DeviceId& device) { return vfs.contains(device); });
        selection[txn].insert(vfs.begin(), vfs.end());
    }
    std::erase_if(selection, [](const auto& entry) { return entry.second.empty(); });
    return selection;
}

bool is_in_flight(const JournalState& journal_state, const DeviceId& device) {
    return std::any_of(
        journal_state.in_flight.begin(), journal_state.in_flight.end(),
        [&](const InFlightTransaction& flight) { return flight.find(device) != nullptr; });
}

}  // namespace

std::vector<DeviceId> selected_devices(const JournalState& journal_state,
                                       const ReleaseSelection& selection,
                                       const Inventory& inventory) {
    std::set<DeviceId> there;
    for (const auto& [txn, devices] : selection)
        for (const DeviceId& device : devices)
            if (inventory.find(device) != nullptr) {
                there.insert(device);
                const auto removed = removed_with(journal_state.bound.at(device), inventory);
                there.insert(removed.begin(), removed.end());
            }
    return {there.begin(), there.end()};
}

Plan release_plan(const JournalState& journal_state, const Inventory& inventory,
                  const sysfs::Usage& usage, const ReleaseSelection& selection) {
    Plan plan;
    for (const auto& [txn, devices] : with_vfs(journal_state, inventory, selection)) {
        Transaction transaction;
        transaction.verdict = Verdict::kChange;
        // The last that was bound goes first.
        for (auto device = devices.rbegin(); device != devices.rend(); ++device) {
            const ManagedDevice& bound = journal_state.bound.at(*device);
            transaction.group = bound.identity.iommu_group;
            refuse_used(usage, removed_with(bound, inventory), transaction);
            add_change(bound, inventory, transaction);
        }
        refuse_open(usage, transaction);
        plan.transactions.push_back(std::move(transaction));
    }
    return plan;
}

Result<ReleaseSelection> select_release(const JournalState& journal_state,
                                        const std::vector<DeviceId>& devices) {
    ReleaseSelection selection;
    for (const DeviceId& device : devices) {
        const auto bound = journal_state.bound.find(device);
        if (bound != journal_state.bound.end())
            select_device(journal_state, bound->second, selection);
        else if (!is_in_flight(journal_state, device))
            return fail(Code::kNotFound, "release", device.display(), "is not bound by us",
                        "`vfioctl list` shows what is; a driver that others bound is theirs");
        // What is only in flight is undone by the recovery that every run begins with.
    }
    return selection;
}

Result<ReleaseSelection> select_rollback(const JournalState& journal_state,
                                         const std::string& txn) {
    std::string wanted = txn;
    if (wanted.empty())
        for (const auto& [id, bound] : journal_state.bound)
            if (wanted.empty() || sysfs::device_name_less(wanted, bound.txn))
                wanted = bound.txn;
    ReleaseSelection selection;
    for (const auto& [id, bound] : journal_state.bound)
        if (bound.txn == wanted)
            selection[wanted].insert(id);
    if (selection.empty() && (txn.empty() || journal_state.find_in_flight(txn) == nullptr))
        return fail(Code::kNotFound, "roll back", txn.empty() ? "the newest transaction" : txn,
                    txn.empty() ? "nothing that it bound is bound by us now"
                                : "no transaction of this name has bound what is bound by us now",
                    "`vfioctl history` shows what was done");
    return selection;
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
