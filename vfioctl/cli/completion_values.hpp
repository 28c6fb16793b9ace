// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vfioctl/cli/completion.hpp"

namespace vfioctl {

/// Adds what `argument` of the table of commands may be, on this host: "DEVICE", "RULE"; a word in
/// lower case is itself. Nothing for one that no list can name ("N").
void add_argument_values(CliContext& cli, std::string_view argument, const std::string& word,
                         std::vector<CompletionPlace::Value>& values);

/// Is `argument` one that completion knows, or one that is free text?
[[nodiscard]] bool is_known_argument(std::string_view argument);

}  // namespace vfioctl
