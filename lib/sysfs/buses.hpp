// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "sysfs/dir.hpp"
#include "sysfs/root.hpp"

namespace sysfs {

/// A bus whose devices can be given away, and the names of its devices.
struct Bus {
    std::string name;
    Dir devices;  ///< /sys/bus/NAME/devices
    std::vector<std::string> names;
};

/// kVfio: pci, mdev, and those on which VFIO's own driver is registered. On the others no device is VFIO's but by an
/// IOMMU group, which its IOMMU tells of, or by noiommu.
enum class Buses { kAll, kVfio };

/// The buses with driver_override (found by looking, so that a bus of a later kernel counts), pci
/// in any case, and mdev, whose devices need none. pci first, then by name.
[[nodiscard]] Result<std::vector<Bus>> read_buses(const Root& root, Buses which);

}  // namespace sysfs
