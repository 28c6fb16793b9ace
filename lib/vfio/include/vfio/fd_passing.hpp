// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

#include "vfio/backend.hpp"
#include "vfio/device.hpp"

namespace vfio {

/// The fds of a device that another process has opened and attached: the answer of bindd's `Open`,
/// or what a VMM passes to its helper. The IOMMU is set up; the receiver knows of no mapping.
struct PassedDevice {
    std::string name;  ///< as GET_DEVICE_FD took it
    Backend backend = Backend::kIommufd;
    UniqueFd device{};
    UniqueFd iommufd{};           ///< iommufd: /dev/iommu, with the device bound to it
    std::uint32_t device_id = 0;  ///< iommufd: what the bind gave
    std::uint32_t ioas = 0;       ///< iommufd: what the device is attached to
    UniqueFd group{};             ///< type1v2, type1, iommufd's compatibility: in the container
    UniqueFd container{};
};

/// The device, ready for DMA, without opening a node. kInvalid: an fd is missing or of another
/// kind. kUnsupported: SPAPR and noiommu.
[[nodiscard]] VFIO_EXPORT Result<VfioDevice> adopt_device(Calls& calls, PassedDevice passed);

}  // namespace vfio
