// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// Parses a command line into words, flags and values by these options, none of them abbreviated.
/// Errors refer to `command`, where that is known.
[[nodiscard]] CliResult<Arguments> parse_options(const std::vector<OptionSpec>& specs,
                                                 const std::vector<std::string>& words,
                                                 const Command* command);

/// The hint at the command's help, or the program's.
[[nodiscard]] std::string help_hint(const Command* command);

/// "did you mean 'list'?" for a similar name, or the only one with this prefix; else empty.
[[nodiscard]] std::string did_you_mean(const std::string& word,
                                       const std::vector<std::string>& names);

}  // namespace vfioctl
