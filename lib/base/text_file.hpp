// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base {

/// Largest file that is read whole: a mountinfo of 10,000 mounts has 2 MiB.
inline constexpr std::size_t kTextFileLimit = std::size_t{64} << 20;

/// The whole text of a file of /proc or of a configuration, whatever stat says of its size. Absent,
/// unreadable or over the limit: nothing.
[[nodiscard]] std::optional<std::string> read_text_file(const std::string& path);

/// The target of a link as it stands; nothing when it is none.
[[nodiscard]] std::optional<std::string> read_link(const std::string& path);

/// Names in a directory, sorted, without "." and ".."; empty when it cannot be read.
[[nodiscard]] std::vector<std::string> list_directory(const std::string& path);

/// The part after the last '/'.
[[nodiscard]] std::string base_name(std::string_view path);

}  // namespace base
