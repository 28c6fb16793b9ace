// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "sysfs/device/device.hpp"
#include "sysfs/device/group.hpp"

namespace vfioctl {

/// A device to export.
struct ExportDevice {
    const sysfs::Device& device;
    std::optional<std::string>
        driver;            ///< the VFIO driver that it is on, or that the policies want for it
    std::string mdev_api;  ///< "vfio-pci", "vfio-ccw", "vfio-ap"; empty: no mdev, or not known

    [[nodiscard]] bool is_mdev() const { return device.mdev.has_value(); }
};

/// How a consumer opens the device: through /dev/vfio/GROUP and /dev/vfio/vfio, or through its cdev
/// and /dev/iommu.
enum class ExportBackend { kGroup, kIommufd };

}  // namespace vfioctl
