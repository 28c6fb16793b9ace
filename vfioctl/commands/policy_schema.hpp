// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl policy schema`: the JSON Schema of policy files.
[[nodiscard]] CliResult<ExitCode> run_policy_schema(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
