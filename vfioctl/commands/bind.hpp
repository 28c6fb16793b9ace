// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl bind`: binds devices by its options, with precedence over all rules except protecting
/// ones.
[[nodiscard]] CliResult<ExitCode> run_bind(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
