// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// Inserts a module with its dependencies and soft dependencies, as `modprobe -b` would. Loaded or
/// built in already: done. Denied by a `blacklist` line or replaced by an `install` command (we run
/// no commands): kDenied, with the line. This kernel does not have it: kNotFound.
[[nodiscard]] base::Result<void> load_kernel_module(const std::string& module);

/// The modules that `modalias` resolves to, normalised, in modprobe's order and without the denied
/// ones.
[[nodiscard]] base::Result<std::vector<std::string>> modules_for_alias(const std::string& modalias);

/// The line of modprobe's configuration or the kernel's command line that keeps `module` from being
/// loaded, with its place: "/etc/modprobe.d/local.conf:3: blacklist vfio-pci".
[[nodiscard]] std::optional<std::string> denying_line(const Root& root, const std::string& module);
/// The same for all that are denied at once, by normalised name.
[[nodiscard]] std::map<std::string, std::string> denying_lines(const Root& root);

}  // namespace sysfs
