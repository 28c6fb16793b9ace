// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

#include "base/result.hpp"

/// May root act on what a file says, or run it? Only root and the caller may own such files and the
/// directories they are in, and nobody else may write to them.
namespace base {

struct Distrust {
    std::string why;  ///< "this file is writable by others than its owner (mode 0666)"
    const char* fix;  ///< "chmod go-w"
};
/// Nothing: it is trusted.
[[nodiscard]] std::optional<Distrust> find_distrust(const struct stat& status);

/// The file, whatever links lead to it, and the directory that its name is in. kRefused says why.
[[nodiscard]] Result<void> check_trusted(const std::string& path);

}  // namespace base
