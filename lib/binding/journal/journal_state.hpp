// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "binding/codec/managed_device.hpp"
#include "binding/codec/record.hpp"
#include "policy/decide/decide.hpp"

namespace binding {

/// A transaction that has begun and not ended, with all that an undo needs.
struct InFlightTransaction {
    BeginRecord begin;
    std::vector<IntentRecord> intents;  ///< in order
    std::map<unsigned, int> results;    ///< step → errno, of those that came back
    std::string rollback;               ///< the transaction that it undoes; empty: none

    [[nodiscard]] const BindingSnapshot* find(const sysfs::DeviceId& device) const;
    bool operator==(const InFlightTransaction&) const = default;
};

/// The state that the journal's records amount to. A value: the same records give the same state.
struct JournalState {
    std::string boot_id;  ///< empty: no record says
    std::map<sysfs::DeviceId, ManagedDevice> bound;
    std::map<sysfs::DeviceId, ReturnedDevice> returned;
    std::vector<InFlightTransaction> in_flight;  ///< in the order they began
    std::set<std::string> committed;             ///< transactions that the file still has
    /// Transactions of devices that were ours already, in the order of their ends: without them a
    /// rollback could only go back to before the first. Of each device the newest few; of one that
    /// was released, the release.
    std::vector<UndoableTransaction> undoable;
    std::size_t damaged_lines = 0;
    std::size_t lines = 0;  ///< that the file has, damaged ones too

    void apply(const Record& record);
    [[nodiscard]] const InFlightTransaction* find_in_flight(const std::string& txn) const;
    /// The record of `device`, if it is bound by us and has the same identity.
    [[nodiscard]] const ManagedDevice* find_managed(const sysfs::DeviceId& device,
                                                    const sysfs::Identity& identity) const;
    /// The rules of the devices that are bound by us, or returned, and still the same.
    [[nodiscard]] policy::BoundRules rules(const sysfs::Inventory& inventory) const;
    /// All that was done to a device since the beginning of `txn`, as one transaction; nothing if
    /// it was not ours before, or if that is not known any more.
    [[nodiscard]] std::optional<InFlightTransaction> changes_since(
        const std::string& txn, const sysfs::DeviceId& device) const;
    /// What a release of the device, which is ours, undoes; with `rollback` only what was done
    /// since that transaction began, if it is known.
    [[nodiscard]] ManagedDevice to_undo(const sysfs::DeviceId& device,
                                        const std::string& rollback) const;
    /// The fewest records that give this state.
    [[nodiscard]] std::vector<Record> records() const;
};

}  // namespace binding
