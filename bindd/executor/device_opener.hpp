// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/executor/sockets.hpp"
#include "sysfs/device/device.hpp"

namespace bindd {

/// Opens a bound device as its user would, and closes it again: what `check: open` asks for.
[[nodiscard]] base::Result<void> open_and_close(const sysfs::Device& device);

/// Opens a device for a VMM: in an address space of its own, with nothing mapped. On a container
/// the device's fd, its group's and the container's; on an iommufd the device's, bound and
/// attached, and the iommufd's.
[[nodiscard]] base::Result<OpenedDevice> open_for_client(const std::string& device,
                                                         const std::string& backend);

}  // namespace bindd
