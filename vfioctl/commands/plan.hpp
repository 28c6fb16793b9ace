// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl plan`: what apply would do.
[[nodiscard]] CliResult<ExitCode> run_plan(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
