// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl sriov`: sets the number of VFs of a PF.
[[nodiscard]] CliResult<ExitCode> run_sriov(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
