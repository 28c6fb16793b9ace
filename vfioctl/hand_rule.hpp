// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/hand_rule.hpp"
#include "vfioctl/command.hpp"

namespace vfioctl {

/// What `bind` asks for, from its options: every word checked: the driver's name or chain, the group wish, and
/// each forced reason, which must be one that can be forced at all.
[[nodiscard]] Outcome<policy::HandWish> hand_wish(const Arguments& arguments);

}  // namespace vfioctl
