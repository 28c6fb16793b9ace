// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `vfioctl --help`: usage, commands and the options that any of them takes.
[[nodiscard]] std::string program_help();
/// `vfioctl policy --help`: the commands of a family.
[[nodiscard]] std::string family_help(const std::string& name);
/// `vfioctl COMMAND --help`.
[[nodiscard]] std::string command_help(const Command& command);

}  // namespace vfioctl
