// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl policy show`: the merged policies, each rule with its origin.
[[nodiscard]] CliResult<ExitCode> run_policy_show(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
