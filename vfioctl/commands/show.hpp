// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl show`: everything known of a device.
[[nodiscard]] CliResult<ExitCode> run_show(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
