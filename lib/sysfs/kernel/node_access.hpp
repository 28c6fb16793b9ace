// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <string>

#include "base/result.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace sysfs {

/// Changes owner and mode of the character device `node` below `directory` ("/dev/vfio"); waits up
/// to `timeout` for it to appear. `node` is a name or "devices/name". Links are not followed, and
/// the inode that was checked is changed. Returns the previous values, all fields set.
[[nodiscard]] base::Result<NodeAccess> change_access(const std::string& directory,
                                                     const std::string& node,
                                                     const NodeAccess& access,
                                                     std::chrono::milliseconds timeout);

}  // namespace sysfs
