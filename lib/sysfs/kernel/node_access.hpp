// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <string>

#include "base/result.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace sysfs {

/// Changes owner and mode of the character device `node` below `directory` ("/dev/vfio"), waiting
/// until `timeout` is over for it to appear. `node` is a name or "devices/name". Never follows a
/// link: what is changed is the very node that was looked at. Returns what it was before, all
/// fields set.
[[nodiscard]] base::Result<NodeAccess> change_access(const std::string& directory,
                                                     const std::string& node,
                                                     const NodeAccess& access,
                                                     std::chrono::milliseconds timeout);

}  // namespace sysfs
