// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/release_selection.hpp"

#include <algorithm>
#include <iterator>

#include "policy/plan/desired_state.hpp"
#include "policy/udev/udev_rules.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/device/sriov.hpp"

namespace binding {
namespace {

using base::Code;
using base::fail;
using base::Result;
using policy::Op;
using sysfs::Device;
using sysfs::DeviceId;
using sysfs::Inventory;

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
    for (const auto& [txn, devices] : selection.transactions) {
        if (devices.contains(bound.device))
            return;
        if (in_one_group(journal_state.bound.at(*devices.begin()), bound))
            key = txn;
    }
    selection.transactions[key].merge(
        std::set<DeviceId>(ReleasedTogether(journal_state, bound).devices()));
}

bool belongs_to_host(const Device* device) {
    return device != nullptr && policy::is_on_native_driver(*device) &&
           !policy::override_blocks_native_driver(*device);
}

bool is_in_flight(const JournalState& journal_state, const DeviceId& device) {
    return std::any_of(
        journal_state.in_flight.begin(), journal_state.in_flight.end(),
        [&](const InFlightTransaction& flight) { return flight.find(device) != nullptr; });
}

/// Can something be undone of it? Of a device that was released, only while it is there.
bool is_undoable(const ManagedDevice& replaced, const JournalState& journal_state,
                 const Inventory& inventory) {
    const Device* now = inventory.find(replaced.device);
    return journal_state.bound.contains(replaced.device) ||
           (now != nullptr && same_device(now->identity(), replaced.identity));
}

std::string newest_undoable(const JournalState& journal_state, const Inventory& inventory) {
    std::string newest;
    const auto note = [&](const std::string& txn) {
        if (newest.empty() || sysfs::device_name_less(newest, txn))
            newest = txn;
    };
    for (const auto& [id, bound] : journal_state.bound)
        note(bound.txn);
    for (const UndoableTransaction& each : journal_state.undoable)
        if (std::any_of(each.replaced.begin(), each.replaced.end(), [&](const ManagedDevice& one) {
                return is_undoable(one, journal_state, inventory);
            }))
            note(each.begin.txn);
    return newest;
}

}  // namespace

std::vector<DeviceId> removed_with(const ManagedDevice& undone, const Inventory& inventory) {
    std::vector<DeviceId> removed;
    const Device* device = inventory.find(undone.device);
    for (const SideEffect& made : undone.side_effects) {
        if (made.op == Op::kCreateMdev)
            removed.push_back({"mdev", made.value});
        else if (made.op == Op::kSetVfs && device != nullptr)
            std::ranges::copy(sysfs::vf_ids(*device), std::back_inserter(removed));
    }
    return removed;
}

ReleaseSelection with_vfs(const JournalState& journal_state, const Inventory& inventory,
                          ReleaseSelection selection) {
    std::map<std::string, std::set<DeviceId>> with_pf;
    auto& transactions = selection.transactions;
    for (const auto& [txn, devices] : transactions)
        for (const DeviceId& device : devices)
            for (const DeviceId& removed :
                 removed_with(journal_state.to_undo(device, selection.rollback), inventory))
                if (journal_state.bound.contains(removed))
                    with_pf[txn].insert(removed);
    for (const auto& [txn, vfs] : with_pf) {
        for (auto& [other, devices] : transactions)  // clang 14 captures no structured binding
            std::erase_if(devices, [&gone = vfs](const DeviceId& id) { return gone.contains(id); });
        transactions[txn].insert(vfs.begin(), vfs.end());
    }
    std::erase_if(transactions, [](const auto& entry) { return entry.second.empty(); });
    return selection;
}

std::vector<DeviceId> selected_devices(const JournalState& journal_state,
                                       const ReleaseSelection& selection,
                                       const Inventory& inventory) {
    std::set<DeviceId> there;
    for (const auto& [txn, devices] : selection.transactions)
        for (const DeviceId& device : devices)
            if (inventory.find(device) != nullptr) {
                there.insert(device);
                const auto removed =
                    removed_with(journal_state.to_undo(device, selection.rollback), inventory);
                there.insert(removed.begin(), removed.end());
            }
    there.insert(selection.armed.begin(), selection.armed.end());
    return {there.begin(), there.end()};
}

bool is_armed(const Device& device) {
    const auto property = device.properties.find(policy::kOverrideProperty);
    return device.driver_override && property != device.properties.end() &&
           property->second == *device.driver_override;
}

Result<ReleaseSelection> select_release(const JournalState& journal_state,
                                        const Inventory& inventory,
                                        const std::vector<DeviceId>& devices) {
    ReleaseSelection selection;
    for (const DeviceId& device : devices) {
        const auto bound = journal_state.bound.find(device);
        if (bound != journal_state.bound.end())
            select_device(journal_state, bound->second, selection);
        else if (const Device* now = inventory.find(device); now != nullptr && is_armed(*now))
            selection.armed.insert(device);
        else if (!is_in_flight(journal_state, device) && !belongs_to_host(inventory.find(device)))
            return fail(Code::kNotFound, "release", device.display(), "is not bound by us",
                        "`vfioctl bind --driver host " + device.display() +
                            "` gives it to its native driver all the same");
        // What is only in flight is undone by the recovery that every run begins with.
    }
    return selection;
}

Result<ReleaseSelection> select_rollback(const JournalState& journal_state,
                                         const Inventory& inventory, const std::string& txn) {
    const std::string wanted = txn.empty() ? newest_undoable(journal_state, inventory) : txn;
    ReleaseSelection selection{.transactions = {}, .armed = {}, .rollback = wanted};
    for (const auto& [id, bound] : journal_state.bound)
        if (bound.txn == wanted || bound.first == wanted || journal_state.changes_since(wanted, id))
            selection.transactions[wanted].insert(id);
    for (const UndoableTransaction& each : journal_state.undoable)
        for (const ManagedDevice& replaced : each.replaced)
            if (each.begin.txn == wanted && is_undoable(replaced, journal_state, inventory))
                selection.transactions[wanted].insert(replaced.device);
    if (selection.transactions.empty() &&
        (txn.empty() || journal_state.find_in_flight(txn) == nullptr))
        return fail(Code::kNotFound, "roll back", txn.empty() ? "the newest transaction" : txn,
                    txn.empty() ? "nothing that we did can be undone now"
                                : "no transaction of this name has done what can be undone now",
                    "`vfioctl history` shows what was done");
    return selection;
}

}  // namespace binding
