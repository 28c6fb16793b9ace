// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "vfioctl/context/cli_context.hpp"

namespace vfioctl {

/// The program under the name of mdevctl or lsmdev: its command lines, texts and exit statuses.
[[nodiscard]] int run_as_mdevctl(CliContext& cli, const std::vector<std::string>& words);

}  // namespace vfioctl
