// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl policy generate`: the current bindings as a policy.
[[nodiscard]] CliResult<ExitCode> run_policy_generate(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
