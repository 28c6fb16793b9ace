// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/plan/bind_rule.hpp"
#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// The options of `bind`, checked: the driver's name or chain, the group mode, and each forced
/// reason, which must be one that can be forced.
[[nodiscard]] CliResult<policy::ForcedReasons> parse_forced_reasons(const Arguments& arguments);
[[nodiscard]] CliResult<policy::BindOptions> parse_bind_options(const Arguments& arguments);

}  // namespace vfioctl
