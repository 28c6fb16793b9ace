// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/plan/plan_context.hpp"

/// Devices that exist only through the driver of another one: the mediated devices of a parent, the
/// PCI devices in the domain that a VMD makes, the VFs of a PF. They are part of that device.
namespace policy {

/// The device of this name in /sys/class/mdev_bus.
[[nodiscard]] const sysfs::Device* find_mdev_parent(const sysfs::Inventory& inventory,
                                                    const std::string& name);

/// The device through whose driver `child` exists; nullptr for most. VFs are not meant: they live
/// until somebody sets another number.
[[nodiscard]] const sysfs::Device* driver_parent(const sysfs::Device& child,
                                                 const sysfs::Inventory& inventory);

/// The parent because of which `child` cannot be planned for by itself: a rule takes the parent's
/// driver away, or the child is behind a VMD, which does its DMA and interrupts.
[[nodiscard]] const sysfs::Device* blocking_parent(const Member& child, const Decisions& decisions,
                                                   const sysfs::Inventory& inventory);

/// Is `child` a VF whose PF will make its VFs anew? It is decided for again then.
[[nodiscard]] bool is_made_anew(const Member& child, const Decisions& decisions,
                                const sysfs::Inventory& inventory);

/// Why the single member of a unit that lives through another device is refused.
[[nodiscard]] Reason lives_through_reason(const Unit& unit, const Decisions& decisions);

}  // namespace policy
