// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `--output FILE` of commands that make a document, at most once.
[[nodiscard]] CliResult<std::optional<std::string>> parse_output_file(const Arguments& arguments);
/// Puts `text` into the file, whole and at once, whatever was there before.
[[nodiscard]] CliResult<void> write_output_file(const std::string& file, const std::string& text);

}  // namespace vfioctl
