// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl probe`: opens a device and shows its capabilities.
[[nodiscard]] CliResult<ExitCode> run_probe(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
