// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// `--timeout`: whole or decimal seconds, more than 0 and at most a day; absent: `otherwise`.
[[nodiscard]] CliResult<std::chrono::milliseconds> parse_timeout(
    const Arguments& arguments, std::chrono::milliseconds otherwise);

/// "a,b" and repeated options as one list. Empty parts stay; the caller reports them.
[[nodiscard]] std::vector<std::string> split_commas(const std::vector<std::string>& values);

/// `--output FILE` of commands that make a document, at most once; nothing for "-", stdout.
[[nodiscard]] CliResult<std::optional<std::string>> parse_output_file(const Arguments& arguments);
/// Puts `text` into the file, whole and at once, whatever was there before.
[[nodiscard]] CliResult<void> write_output_file(const std::string& file, const std::string& text);

}  // namespace vfioctl
