// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl explain`: which rules match a device, which one wins, and its driver candidates.
[[nodiscard]] CliResult<ExitCode> run_explain(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
