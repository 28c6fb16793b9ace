// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

/// Paths outside of sysfs: their parts, links and directories.
namespace base {

/// The part after the last '/'.
[[nodiscard]] std::string base_name(std::string_view path);
/// The directory part of a path: "/" for "/x", "." for "x".
[[nodiscard]] std::string directory_name(std::string_view path);

/// The target of a link, unresolved; nothing when `path` is no link.
[[nodiscard]] std::optional<std::string> read_link(const std::string& path);

/// Names in a directory, sorted, without "." and ".."; empty when it cannot be read.
[[nodiscard]] std::vector<std::string> list_directory(const std::string& path);

/// Creates the directory and its parents, 0755; existing ones are no error.
[[nodiscard]] Result<void> make_directories(const std::string& path);

}  // namespace base
