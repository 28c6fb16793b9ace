// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// Sorts a command line into words, flags and values by these options, none of them abbreviated.
/// What is wrong with it is told with regard to `command`, where that is known.
[[nodiscard]] CliResult<Arguments> parse_options(const std::vector<OptionSpec>& specs,
                                                 const std::vector<std::string>& words,
                                                 const Command* command);

/// Where to read on: the command's help, or the program's.
[[nodiscard]] std::string help_hint(const Command* command);

/// "did you mean 'list'?" for a near name, or the only one that begins so; else nothing.
[[nodiscard]] std::string did_you_mean(const std::string& word,
                                       const std::vector<std::string>& names);

}  // namespace vfioctl
