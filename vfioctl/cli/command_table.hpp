// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// Every command: parsing, help and completion read this table.
[[nodiscard]] const std::vector<Command>& commands();
/// The options of the program itself.
[[nodiscard]] const std::vector<OptionSpec>& global_options();
/// Those of the program and of these commands, each name once.
[[nodiscard]] std::vector<OptionSpec> merged_options(const std::vector<const Command*>& of);

}  // namespace vfioctl
