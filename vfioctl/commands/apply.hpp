// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl apply`: carries out what the policies want; with --early the overrides alone.
[[nodiscard]] CliResult<ExitCode> run_apply(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
