// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl groups`: IOMMU groups and their members, as a table or a tree.
[[nodiscard]] CliResult<ExitCode> run_groups(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
