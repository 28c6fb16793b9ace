// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl capture`: what the other commands read of this host, as an archive.
[[nodiscard]] CliResult<ExitCode> run_capture(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
