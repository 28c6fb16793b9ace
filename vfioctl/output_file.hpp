// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "vfioctl/command.hpp"

namespace vfioctl {

/// `--output FILE` of commands that make a document, at most once.
[[nodiscard]] Outcome<std::optional<std::string>> output_file_of(const Arguments& arguments);
/// Puts `text` into the file, whole and at once, whatever was there before.
[[nodiscard]] Outcome<void> write_output_file(const std::string& file, const std::string& text);

}  // namespace vfioctl
