// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <vector>

#include "policy/decide/decide.hpp"
#include "policy/plan/transaction.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/usage/usage.hpp"

namespace policy {

/// The reasons that `--force` lifts, in addition to the in_use list of the rule.
struct ForcedReasons {
    std::set<ReasonCode> codes;
};

/// The devices that a plan would unbind, or bind where they have no driver: make_plan() needs their
/// usage.
[[nodiscard]] std::vector<sysfs::DeviceId> devices_changing_driver(
    const Decisions& decisions, const sysfs::Inventory& inventory);

/// The one planner: `plan` prints what `apply` does. Planning again after execution yields `ok`: a
/// device on any usable driver of its chain is as wanted, whatever its override says (an earlier
/// candidate may have refused the device). `access` is corrected on a bound device as well; `check`
/// belongs to binding.
[[nodiscard]] Plan make_plan(const PolicySet& set, const Decisions& decisions,
                             const sysfs::Inventory& inventory, const sysfs::Drivers& drivers,
                             const sysfs::Usage& usage, const ForcedReasons& forced = {});

}  // namespace policy
