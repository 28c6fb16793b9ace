// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl doctor`: whether this host is ready for device assignment.
[[nodiscard]] CliResult<ExitCode> run_doctor(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
