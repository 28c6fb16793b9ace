// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl aliases`: stable, device-based names of VFIO nodes.
[[nodiscard]] CliResult<ExitCode> run_aliases(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
