// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

/// The few file operations of journal, lock and history, with their failures as values.
namespace base {

/// The directory and those above it, 0755; existing ones are fine.
[[nodiscard]] base::Result<void> make_directories(const std::string& path);
/// The whole file. Absent: kNotFound.
[[nodiscard]] base::Result<std::string> read_file(const std::string& path);
/// What is left to be read of an open file; `path` is for messages.
[[nodiscard]] base::Result<std::string> read_rest(int fd, const std::string& path);
/// All of `text`, in one write() when the file system takes it.
[[nodiscard]] base::Result<void> write_all(int fd, std::string_view text, const std::string& path);
/// The whole file anew, by rename: as before or as after, never between. Not synced.
[[nodiscard]] base::Result<void> replace_file(const std::string& path, std::string_view text);
/// Puts `text` in place of what `path` has, 0644: written to `temporary` of the same file system,
/// synced, and renamed, so that a crash leaves the old file or the new.
[[nodiscard]] base::Result<void> replace_file(const std::string& path, std::string_view text,
                                              const std::string& temporary);
/// Makes a rename, a creation or a removal inside `directory` durable.
[[nodiscard]] base::Result<void> sync_directory(const std::string& directory);

}  // namespace base
