// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl release`: restores the previous driver and override of devices.
[[nodiscard]] CliResult<ExitCode> run_release(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
