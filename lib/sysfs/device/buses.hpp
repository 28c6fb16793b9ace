// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "base/dir.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// A bus whose devices can be assigned, and the names of its devices.
struct DeviceBus {
    std::string name;
    base::Dir devices;  ///< /sys/bus/NAME/devices
    std::vector<std::string> names;
};

/// kVfio: pci, mdev, and the buses on which VFIO's own driver is registered. On other buses a
/// device belongs to VFIO only by an IOMMU group, which /sys/class/iommu lists, or under noiommu.
enum class BusFilter { kAll, kVfio };

/// The buses whose devices have driver_override (read from sysfs, so that buses of later kernels
/// count), pci in any case, and mdev, whose devices need none. pci first, then by name.
[[nodiscard]] base::Result<std::vector<DeviceBus>> read_buses(const Root& root, BusFilter which);

}  // namespace sysfs
