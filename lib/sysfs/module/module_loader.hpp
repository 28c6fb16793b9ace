// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace sysfs {

/// Inserts a module with its dependencies and soft dependencies, as `modprobe -b` does. Loaded or
/// built in: success. Denied by a `blacklist` line or replaced by an `install` command, which is
/// never run: kDenied, with the line. Not in this kernel: kNotFound.
[[nodiscard]] base::Result<void> load_kernel_module(const std::string& module);

/// The modules that `modalias` resolves to, normalised, in modprobe's order and without the denied
/// ones.
[[nodiscard]] base::Result<std::vector<std::string>> modules_for_alias(const std::string& modalias);

}  // namespace sysfs
