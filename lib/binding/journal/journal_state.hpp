// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "binding/journal/managed_device.hpp"
#include "binding/journal/record.hpp"

namespace binding {

/// A transaction that began and has not ended: what is known of it is what an undo goes by.
struct InFlightTransaction {
    BeginRecord begin;
    std::vector<IntentRecord> intents;  ///< in order
    std::map<unsigned, int> results;    ///< step → errno, of those that came back

    [[nodiscard]] const BindingSnapshot* find(const sysfs::DeviceId& device) const;
    bool operator==(const InFlightTransaction&) const = default;
};

/// What the journal's records come to. A value: replaying the same records gives the same state.
struct JournalState {
    std::string boot_id;  ///< empty: no record says
    std::map<sysfs::DeviceId, ManagedDevice> bound;
    std::vector<InFlightTransaction> in_flight;  ///< in the order they began
    std::set<std::string> committed;             ///< of those the file still tells of
    std::size_t damaged_lines = 0;

    void apply(const Record& record);
    [[nodiscard]] const InFlightTransaction* find_in_flight(const std::string& txn) const;
    /// The record that says `device`, if it still is the device it was, is ours.
    [[nodiscard]] const ManagedDevice* find_managed(const sysfs::DeviceId& device,
                                                    const sysfs::Identity& identity) const;
    /// The fewest records that give this state.
    [[nodiscard]] std::vector<Record> records() const;
};

}  // namespace binding
