// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

#include "vfio/backend.hpp"
#include "vfio/device.hpp"

namespace vfio {

/// A device that somebody else has opened and attached for a program that may not: what bindd's
/// `Open` answers with, and what a VMM passes to its helper. Its IOMMU has been set up; nothing is
/// mapped that the receiver knows of.
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

/// The device, ready for DMA, without opening anything. kInvalid: an fd is missing or is not what
/// it should be. kUnsupported: SPAPR and noiommu, whose owner has to be root in any case.
[[nodiscard]] VFIO_EXPORT Result<VfioDevice> adopt_device(Calls& calls, PassedDevice passed);

}  // namespace vfio
