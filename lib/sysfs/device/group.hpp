// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sysfs/device/device.hpp"

namespace sysfs {

/// A member that makes its group not viable, and why.
struct Blocker {
    DeviceId device;
    std::string driver;
    std::string why;

    auto operator<=>(const Blocker&) const = default;
};

/// One IOMMU group: the unit the kernel isolates. Viable when every member is unbound or on a
/// driver that leaves DMA alone (vfio_dev_viable()).
struct Group {
    int id = 0;
    std::string type;  ///< "DMA", "DMA-FQ", "identity", "blocked", ... or empty
    std::string name;  ///< "vfio-noiommu" for a group that noiommu made up
    std::vector<DeviceId> devices;
    std::vector<Blocker> blockers;

    [[nodiscard]] bool viable() const { return blockers.empty(); }
    auto operator<=>(const Group&) const = default;
};

/// Does this device leave its group viable? True for a VFIO driver (the device has vfio nodes, or
/// the driver is a known one), pcieport and pci-stub, and for an unbound device.
[[nodiscard]] bool leaves_dma_alone(const Device& device);

/// The text of Blocker::why.
[[nodiscard]] std::string blocking_reason(const Device& device);

/// Is `driver` a VFIO driver by its name ("vfio-pci", "mlx5_vfio_pci", "vfio-platform", ...)? A
/// device with vfio nodes is on a VFIO driver whatever its name.
[[nodiscard]] bool is_vfio_driver(std::string_view driver);

}  // namespace sysfs
