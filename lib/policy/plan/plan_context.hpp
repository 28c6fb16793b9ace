// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/plan/plan.hpp"

/// The input of the planner and its units.
namespace policy {

/// Everything a plan is made from.
struct PlanContext {
    const PolicySet& set;
    const Decisions& decisions;
    const sysfs::Inventory& inventory;
    const sysfs::Drivers& drivers;
    const sysfs::Usage& usage;
    const ForcedReasons& forced;
};

/// A device whose decision requests a change, or refuses a request.
struct Member {
    const sysfs::Device* device = nullptr;
    const Decision* decision = nullptr;

    [[nodiscard]] const Rule& rule() const { return *decision->rule; }
};

/// What one transaction is made of: the members of one IOMMU group, or a single device.
struct Unit {
    std::optional<int> group;
    std::vector<Member> members;
    /// The single member exists only through this device's driver, and cannot be planned for by
    /// itself (driver_children.hpp).
    const sysfs::Device* lives_through = nullptr;
};

/// The units of all members: by group number, then those without a group, in natural order. A rule
/// that does not change the driver makes a unit of its device.
[[nodiscard]] std::vector<Unit> collect_units(const Decisions& decisions,
                                              const sysfs::Inventory& inventory);

/// Natural order of devices, pci first.
[[nodiscard]] bool device_less(const sysfs::DeviceId& a, const sysfs::DeviceId& b);

}  // namespace policy
