// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl policy edit`: an editor on a copy of a policy file; what it leaves is checked with the
/// other files, shown as a plan, and installed when the user agrees.
[[nodiscard]] CliResult<ExitCode> run_policy_edit(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
