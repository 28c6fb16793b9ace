// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sysfs/device/device.hpp"

namespace sysfs {

/// Why a member keeps its group from being viable.
struct Blocker {
    DeviceId device;
    std::string driver;
    std::string why;

    auto operator<=>(const Blocker&) const = default;
};

/// One IOMMU group: the unit the kernel isolates. Viable when every member is unbound or on a
/// driver that leaves DMA alone (kernel.md, "Groups and nodes").
struct Group {
    int id = 0;
    std::string type;  ///< "DMA", "DMA-FQ", "identity", "blocked", ... or empty
    std::string name;  ///< "vfio-noiommu" for a group that noiommu made up
    std::vector<DeviceId> devices;
    std::vector<Blocker> blockers;

    [[nodiscard]] bool viable() const { return blockers.empty(); }
    auto operator<=>(const Group&) const = default;
};

/// Does a device on this driver leave its group viable? True for a VFIO driver (it has vfio nodes,
/// or is a known one), pcieport and pci-stub, and for an unbound device.
[[nodiscard]] bool leaves_dma_alone(const Device& device);

/// Why it does not, for a reader: what Blocker::why says.
[[nodiscard]] std::string blocking_reason(const Device& device);

/// Is `driver` one that hands devices to VFIO? `registered` VFIO drivers end in "vfio-pci",
/// "_vfio_pci", "vfio-platform", ... by the kernel's own naming; a device with vfio nodes is VFIO's
/// whatever its driver's name.
[[nodiscard]] bool is_vfio_driver(std::string_view driver);

}  // namespace sysfs
