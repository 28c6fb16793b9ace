// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl status` and `vfioctl reload`: the daemon; both fail without one.
[[nodiscard]] CliResult<ExitCode> run_status(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_reload(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
