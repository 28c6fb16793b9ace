// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <string>

#include "policy/plan.hpp"
#include "vfioctl/command.hpp"

namespace vfioctl {

/// What `bind` asks for, from its options.
struct HandWish {
    policy::DriverWish driver;
    policy::GroupWish::Kind group = policy::GroupWish::Kind::kStrict;
    policy::Lifted lifted;
};

/// Every word checked: the driver's name or chain, the group wish, and each forced reason, which must be one
/// that can be forced at all.
[[nodiscard]] Outcome<HandWish> hand_wish(const Arguments& arguments);

/// A match that holds for this device alone: its address together with who it is, so that another card
/// which gets the address later is not taken for it.
[[nodiscard]] policy::Match pinned(const sysfs::Device& device);

/// The rule for one device, named "bind-0000-01-00-0". Of the reasons that were forced only a disk's
/// signature is part of it: it stays, while the others are of this moment and must be asked again.
[[nodiscard]] policy::Rule hand_rule(const sysfs::Device& device, const HandWish& wish);

}  // namespace vfioctl
