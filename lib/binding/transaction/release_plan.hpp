// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "binding/journal/journal_state.hpp"
#include "binding/journal/state_dir.hpp"
#include "binding/transaction/release_selection.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/kernel/kernel.hpp"
#include "sysfs/usage/usage.hpp"

/// What a release undoes, as a plan: the driver and override of devices that we bound, as they were
/// before. In one call, or step by step for a caller that reads the host in another process:
/// select, query who uses the selected devices, plan.
namespace binding {

/// With a device are released the group's peers that were taken along for it. kNotFound for a
/// device that is not bound by us. `inventory` is with properties.
[[nodiscard]] base::Result<policy::Plan> plan_release(sysfs::Kernel& kernel, const StateDir& state,
                                                      const sysfs::Inventory& inventory,
                                                      const std::vector<sysfs::DeviceId>& devices,
                                                      const policy::ForcedReasons& forced = {});
/// The same for everything that one recorded transaction did; an empty id means the newest.
[[nodiscard]] base::Result<policy::Plan> plan_rollback(sysfs::Kernel& kernel, const StateDir& state,
                                                       const sysfs::Inventory& inventory,
                                                       const std::string& txn);

[[nodiscard]] policy::Plan release_plan(const JournalState& journal_state,
                                        const sysfs::Inventory& inventory,
                                        const sysfs::Usage& usage,
                                        const ReleaseSelection& selection,
                                        const policy::ForcedReasons& forced = {});

}  // namespace binding
