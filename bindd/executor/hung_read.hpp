// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <vector>

#include "sysfs/device/device.hpp"

namespace bindd {

/// Of a reader that does not come back: the devices whose attributes it has open. Reading
/// driver_override waits for the device's lock, which an unbind that somebody else has begun may
/// hold for ever. As much of each is told as links and names tell, for no lock guards these.
[[nodiscard]] std::vector<sysfs::Device> devices_under_read(pid_t reader);

}  // namespace bindd
