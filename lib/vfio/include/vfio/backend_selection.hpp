// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vfio/address_space.hpp"
#include "vfio/iommufd_backend.hpp"

namespace vfio {

/// The device to open and its nodes.
struct DeviceNodes {
    std::string name;                    ///< what GET_DEVICE_FD takes: an address, a UUID
    std::optional<std::string> group{};  ///< below /dev/vfio: "15", "noiommu-0"
    std::optional<std::string> cdev{};   ///< below /dev/vfio/devices: "vfio3"
    std::optional<VfToken> token{};      ///< for a VF whose PF is VFIO's, else none
};

/// How to open a device.
struct OpenOptions {
    std::vector<Backend> order{kBackends.begin(), kBackends.end()};  ///< tried one after the other
    /// kNestParent and kDirty exist on iommufd only (a type1v2 container tracks dirty pages without
    /// this). Extension 6, the old "nesting", is never requested.
    PageTable page_table = PageTable::kAutomatic;
    std::string root{};  ///< the directory that /sys and /proc are read below; empty: this host
};

/// Why a preferred backend was not used.
struct RejectedBackend {
    Backend backend;
    std::string why;
    std::string hint;
};

/// A device, open and attached, ready for DMA. The space outlives the fds; the group stays open as
/// long as the device is used.
struct AttachedDevice {
    std::shared_ptr<AddressSpace> space;
    std::vector<RejectedBackend> rejected{};
    GroupFd group{};  ///< not valid on iommufd
    DeviceFd device;
    BoundDevice bound{};  ///< on iommufd
};

/// Tries the backends in order and uses the first that gives the device an address space. It
/// attaches rather than asks: kernels offer SPAPR v2 for devices that cannot have it. When none is
/// left, the error is that of the last one and the hint has the reasons of the others.
[[nodiscard]] VFIO_EXPORT Result<AttachedDevice> open_device(Calls& calls, const DeviceNodes& nodes,
                                                             const OpenOptions& options = {});

/// Joins an address space that others use: by cdev for iommufd, by group for the rest. A
/// second device of a group that is open already comes from that group's fd (GET_DEVICE_FD)
/// instead.
[[nodiscard]] VFIO_EXPORT Result<AttachedDevice> open_device_in(
    Calls& calls, const DeviceNodes& nodes, const std::shared_ptr<AddressSpace>& space);

}  // namespace vfio
