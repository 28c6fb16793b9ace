// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl history`: past transactions.
[[nodiscard]] CliResult<ExitCode> run_history(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
