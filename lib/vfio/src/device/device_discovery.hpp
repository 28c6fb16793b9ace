// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "vfio/backend_selection.hpp"

namespace vfio {

/// The nodes of the device that a user names: "0000:01:00.0", "01:00.0", "pci/0000:01:00.0", an
/// mdev's UUID. `root` is the directory that /sys is below. kNotFound: no such device; kRefused:
/// its driver is not a VFIO one.
[[nodiscard]] Result<DeviceNodes> find_nodes(const std::string& root, const std::string& name);

/// Adds the devices that keep the group from being viable to the error's hint. The kernel says that
/// a group is not viable, or that its DMA has another owner, but not who.
[[nodiscard]] Error with_blockers(Error error, const std::string& root, const DeviceNodes& nodes);

}  // namespace vfio
