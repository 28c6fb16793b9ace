// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/group.hpp"

#include "sysfs/device/names.hpp"

namespace sysfs {

// Every VFIO driver of the kernel, and every vendor's so far, has "vfio" as a word of its name:
// vfio-pci, mlx5_vfio_pci, pds-vfio-pci, vfio-platform, vfio_ccw, vfio_ap, vfio_mdev, vfio-pci-igd,
// nvidia-vgpu-vfio. A part of a word is not enough.
bool is_vfio_driver(std::string_view driver) {
    const std::string padded = "_" + normalise_module(driver) + "_";
    return padded.find("_vfio_") != std::string::npos;
}

// The kernel asks the driver's driver_managed_dma flag (since 5.19), which sysfs does not show;
// these are the drivers that have it.
bool leaves_dma_alone(const Device& device) {
    if (!device.driver || device.vfio)
        return true;
    return *device.driver == "pcieport" || *device.driver == "pci-stub" ||
           is_vfio_driver(*device.driver);
}

std::string blocking_reason(const Device& device) {
    const std::string driver = device.driver.value_or("");
    if (device.is_bridge())
        return "a bridge on " + driver + ", which does DMA for the host";
    return "bound to " + driver + ", which does DMA for the host";
}

}  // namespace sysfs
