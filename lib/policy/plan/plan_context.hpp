// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/plan/plan.hpp"

/// What the parts of the planner hand each other.
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

/// A device with a decision that asks for something.
struct Member {
    const sysfs::Device* device = nullptr;
    const Decision* decision = nullptr;

    [[nodiscard]] const Rule& rule() const { return *decision->rule; }
};

/// What becomes one transaction: the members of one IOMMU group, or a single device.
struct Unit {
    std::optional<int> group;
    std::vector<Member> members;
};

/// The decisions that ask for something, as units: by group number, then those without, in natural
/// order. A rule that leaves the driver alone makes a unit of its device.
[[nodiscard]] std::vector<Unit> collect_units(const Decisions& decisions,
                                              const sysfs::Inventory& inventory);

/// Natural order of devices, pci first.
[[nodiscard]] bool device_less(const sysfs::DeviceId& a, const sysfs::DeviceId& b);

}  // namespace policy
