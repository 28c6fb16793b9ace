// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "binding/journal/journal_state.hpp"
#include "sysfs/device/inventory.hpp"

namespace binding {

/// What is to be undone: transaction → its devices.
struct ReleaseSelection {
    std::map<std::string, std::set<sysfs::DeviceId>> transactions;
    /// Devices that only our udev rules have touched: they have an override and no transaction.
    std::set<sysfs::DeviceId> armed = {};
    /// Only what was done since this transaction began; empty: all that we did.
    std::string rollback;
};

/// Has the device the override that a udev rule of ours gave it, by udev's database? It needs the
/// device's properties.
[[nodiscard]] bool is_armed(const sysfs::Device& device);

/// With a device the group's peers that were taken along for it. Of a device that is on its native
/// driver there is nothing to release. kNotFound for any other that is neither bound by us nor
/// armed.
[[nodiscard]] base::Result<ReleaseSelection> select_release(
    const JournalState& journal_state, const sysfs::Inventory& inventory,
    const std::vector<sysfs::DeviceId>& devices);
/// Everything that one recorded transaction did, a release too, and what followed it on the same
/// devices; an empty id means the newest. Of a release only devices that are still there.
[[nodiscard]] base::Result<ReleaseSelection> select_rollback(const JournalState& journal_state,
                                                             const sysfs::Inventory& inventory,
                                                             const std::string& txn);
/// The selected devices that are present, with the VFs and mdevs that would vanish: whose users
/// must be known.
[[nodiscard]] std::vector<sysfs::DeviceId> selected_devices(const JournalState& journal_state,
                                                            const ReleaseSelection& selection,
                                                            const sysfs::Inventory& inventory);
/// VFs of ours are released before the PF that makes them vanish, in one transaction: two would
/// race.
[[nodiscard]] ReleaseSelection with_vfs(const JournalState& journal_state,
                                        const sysfs::Inventory& inventory,
                                        ReleaseSelection selection);
/// What an undo of this would make vanish: VFs and mdevs that we made.
[[nodiscard]] std::vector<sysfs::DeviceId> removed_with(const ManagedDevice& undone,
                                                        const sysfs::Inventory& inventory);

}  // namespace binding
