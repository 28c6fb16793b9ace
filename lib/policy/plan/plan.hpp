// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <vector>

#include "policy/decide/decide.hpp"
#include "policy/plan/transaction.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/usage/usage.hpp"

namespace policy {

/// Reasons lifted by hand, by their names (`--force`); a rule's own in_use list counts beside it.
struct ForcedReasons {
    std::set<ReasonCode> codes;
};

/// The devices that a plan would take from a driver: those whose usage has to be looked up first.
[[nodiscard]] std::vector<sysfs::DeviceId> devices_losing_driver(const Decisions& decisions,
                                                                 const sysfs::Inventory& inventory);

/// The one planner: `plan` prints what `apply` does. Planning again after a plan was carried out
/// yields `ok`: a device on any usable driver of its chain is as wanted, however it came there and
/// whatever its override says (a candidate ahead of it may have refused the device before). Who may
/// open the nodes (`access`) is set right on a bound device as well; whether they open (`check`)
/// goes with binding it.
[[nodiscard]] Plan make_plan(const PolicySet& set, const Decisions& decisions,
                             const sysfs::Inventory& inventory, const sysfs::Drivers& drivers,
                             const sysfs::Usage& usage, const ForcedReasons& forced = {});

}  // namespace policy
