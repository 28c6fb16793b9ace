// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "binding/ledger.hpp"
#include "policy/plan.hpp"
#include "sysfs/inventory.hpp"
#include "sysfs/usage.hpp"

/// A release step by step, for who looks at the host in another process: choose, look who uses the chosen devices,
/// plan. apply.hpp has it in one call.
namespace binding {

/// transaction → its devices that are to be released.
using Chosen = std::map<std::string, std::set<sysfs::DeviceId>>;

/// With one device of a group that was taken whole all of them. kNotFound for a device that is not ours.
[[nodiscard]] sysfs::Result<Chosen> choose_release(const Ledger& ledger,
                                                   const std::vector<sysfs::DeviceId>& devices);
[[nodiscard]] sysfs::Result<Chosen> choose_rollback(const Ledger& ledger, const std::string& txn);
/// Those of them that are there, with the VFs and mdevs that would vanish: who uses them has to be known.
[[nodiscard]] std::vector<sysfs::DeviceId> devices_of(const Ledger& ledger, const Chosen& chosen,
                                                      const sysfs::Inventory& inventory);
[[nodiscard]] policy::Plan release_plan(const Ledger& ledger, const sysfs::Inventory& inventory,
                                        const sysfs::Usage& usage, const Chosen& chosen);

}  // namespace binding
