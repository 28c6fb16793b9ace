// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sysfs/host/root.hpp"

namespace binding {

/// The mount point at or above this directory on which systemd is to mount a file system that
/// process 1 has not got yet: what is found in the directory is not what will be there. For the
/// early boot; outside it, and in an initramfs, there is none.
[[nodiscard]] std::optional<std::string> find_later_mount(const sysfs::Root& root,
                                                          std::string_view directory);

}  // namespace binding
