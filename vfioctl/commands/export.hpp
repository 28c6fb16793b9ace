// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl export libvirt|qemu|cdi`: devices as the configuration of other programs.
[[nodiscard]] CliResult<ExitCode> run_export_libvirt(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_export_qemu(CliContext& cli, const Arguments& arguments);
[[nodiscard]] CliResult<ExitCode> run_export_cdi(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
