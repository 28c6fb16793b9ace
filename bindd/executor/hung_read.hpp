// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <vector>

#include "sysfs/device/device.hpp"

namespace bindd {

/// The devices whose attributes a reader that does not return has open. Reading driver_override
/// waits for the device's lock, which another program's unbind may hold indefinitely. Of each
/// device only what links and names show is returned, since these need no lock.
[[nodiscard]] std::vector<sysfs::Device> devices_under_read(pid_t reader);

}  // namespace bindd
