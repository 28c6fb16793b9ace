// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "base/dir.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// A bus whose devices can be given away, and the names of its devices.
struct DeviceBus {
    std::string name;
    base::Dir devices;  ///< /sys/bus/NAME/devices
    std::vector<std::string> names;
};

/// kVfio: pci, mdev, and those on which VFIO's own driver is registered. On the others no device is
/// VFIO's but by an IOMMU group, which its IOMMU tells of, or by noiommu.
enum class BusFilter { kAll, kVfio };

/// The buses with driver_override (found by looking, so that a bus of a later kernel counts), pci
/// in any case, and mdev, whose devices need none. pci first, then by name.
[[nodiscard]] base::Result<std::vector<DeviceBus>> read_buses(const Root& root, BusFilter which);

}  // namespace sysfs
