// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "binding/journal/journal_state.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/usage/usage.hpp"

/// A release step by step, for who looks at the host in another process: choose, look who uses the
/// chosen devices, plan. apply.hpp has it in one call.
namespace binding {

/// transaction → its devices that are to be released.
using ReleaseSelection = std::map<std::string, std::set<sysfs::DeviceId>>;

/// With one device of a group that was taken whole all of them. kNotFound for a device that is not
/// ours.
[[nodiscard]] base::Result<ReleaseSelection> select_release(
    const JournalState& journal_state, const std::vector<sysfs::DeviceId>& devices);
[[nodiscard]] base::Result<ReleaseSelection> select_rollback(const JournalState& journal_state,
                                                             const std::string& txn);
/// Those of them that are there, with the VFs and mdevs that would vanish: who uses them has to be
/// known.
[[nodiscard]] std::vector<sysfs::DeviceId> selected_devices(const JournalState& journal_state,
                                                            const ReleaseSelection& selection,
                                                            const sysfs::Inventory& inventory);
[[nodiscard]] policy::Plan release_plan(const JournalState& journal_state,
                                        const sysfs::Inventory& inventory,
                                        const sysfs::Usage& usage,
                                        const ReleaseSelection& selection);

}  // namespace binding
