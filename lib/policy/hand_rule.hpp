// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/plan.hpp"

namespace policy {

/// What someone asks for by hand of a device: `vfioctl bind` and the bus alike.
struct HandWish {
    DriverWish driver{.kind = DriverWish::Kind::kChain, .chain = {Candidate{}}};
    GroupWish::Kind group = GroupWish::Kind::kStrict;
    Lifted lifted;
};

/// A match that holds for this device alone: its address together with who it is, so that another card
/// which gets the address later is not taken for it.
[[nodiscard]] Match pinned(const sysfs::Device& device);

/// The rule for one device, named "bind-0000-01-00-0". Of the reasons that were forced only a disk's
/// signature is part of it: it stays, while the others are of this moment and must be asked again.
[[nodiscard]] Rule hand_rule(const sysfs::Device& device, const HandWish& wish);

/// What looking at the drivers must bring for this wish: those it names.
[[nodiscard]] sysfs::Wanted wanted_of(const DriverWish& wish);

/// Of a plan for the whole host the transactions that concern these devices.
[[nodiscard]] Plan only(Plan plan, const std::vector<sysfs::DeviceId>& devices);

}  // namespace policy
