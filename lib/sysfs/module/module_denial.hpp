// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// The line of modprobe's configuration or of the kernel's command line that denies `module`, with
/// its place: "/etc/modprobe.d/local.conf:3: blacklist vfio-pci".
[[nodiscard]] std::optional<std::string> denying_line(const Root& root, const std::string& module);
/// The same for all denied modules, by normalised name.
[[nodiscard]] std::map<std::string, std::string> denying_lines(const Root& root);

}  // namespace sysfs
