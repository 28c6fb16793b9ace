// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl import driverctl|mdevctl|modprobe`: the configuration of other tools as a policy.
[[nodiscard]] CliResult<ExitCode> run_import(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_import_driverctl(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_import_mdevctl(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_import_modprobe(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
