// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl mdev VERB`: mediated devices, with the verbs and options of mdevctl.
[[nodiscard]] CliResult<ExitCode> run_verb(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_mdev_types(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_mdev_list(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_mdev_define(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_mdev_undefine(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_mdev_modify(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_mdev_start(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_mdev_stop(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
