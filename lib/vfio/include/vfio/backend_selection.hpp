// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vfio/address_space.hpp"
#include "vfio/iommufd_backend.hpp"

namespace vfio {

/// The device to open, and the doors it has.
struct DeviceNodes {
    std::string name;                    ///< what GET_DEVICE_FD takes: an address, a UUID
    std::optional<std::string> group{};  ///< below /dev/vfio: "15", "noiommu-0"
    std::optional<std::string> cdev{};   ///< below /dev/vfio/devices: "vfio3"
    std::optional<VfToken> token{};      ///< for a VF whose PF is VFIO's, else none
};

/// What to look for.
struct OpenOptions {
    std::vector<Backend> order{kBackends.begin(), kBackends.end()};  ///< tried one after the other
    /// kNestParent and kDirty are an iommufd's alone to give (a type1v2 container tracks dirty
    /// pages without being asked beforehand). Extension 6, the old "nesting", is never requested.
    PageTable page_table = PageTable::kAutomatic;
    std::string root{};  ///< the directory that /sys and /proc are read below; empty: this host
};

/// Why a backend above the chosen one was not taken.
struct RejectedBackend {
    Backend backend;
    std::string why;
    std::string hint;
};

/// A device, open and attached, ready for DMA. The space outlives the fds; a group's stays open as
/// long as the device is used.
struct AttachedDevice {
    std::shared_ptr<AddressSpace> space;
    std::vector<RejectedBackend> rejected;
    GroupFd group;  ///< not valid on iommufd
    DeviceFd device;
    BoundDevice bound;  ///< on iommufd
};

/// Tries the backends in order and takes the first that gives the device an address space. What it
/// tries it does: SPAPR v2 is offered by kernels whose device then cannot have it, so asking is no
/// answer. The error, when none is left, is that of the last one tried, and its hint names the
/// others' reasons.
[[nodiscard]] VFIO_EXPORT Result<AttachedDevice> open_device(Calls& calls, const DeviceNodes& nodes,
                                                             const OpenOptions& options = {});

/// Joins an address space that others use: by cdev for iommufd, by group for the rest. A
/// second device of a group that is open already comes from that group's fd (GET_DEVICE_FD)
/// instead.
[[nodiscard]] VFIO_EXPORT Result<AttachedDevice> open_device_in(
    Calls& calls, const DeviceNodes& nodes, const std::shared_ptr<AddressSpace>& space);

}  // namespace vfio
