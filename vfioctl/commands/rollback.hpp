// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl rollback`: undoes a whole transaction.
[[nodiscard]] CliResult<ExitCode> run_rollback(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
