// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl list`: the table of devices.
[[nodiscard]] CliResult<ExitCode> run_list(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
