// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

#include "vfio/calls.hpp"
#include "vfio/export.hpp"
#include "vfio/region.hpp"

namespace vfio {

/// A write that the kernel makes whenever an eventfd is signalled: a doorbell of the device that a
/// guest, or another process, rings without coming here. Source: VFIO_DEVICE_IOEVENTFD (4.17).
struct DoorbellWrite {
    std::uint64_t offset = 0;  ///< bytes from the region's start, a multiple of the width
    unsigned width = 4;        ///< 1, 2, 4 or 8 bytes; 8 not on every platform
    std::uint64_t value = 0;
    auto operator<=>(const DoorbellWrite&) const = default;
};

/// Has `eventfd` make this write; -1 ends it. kInvalid: not a BAR, outside of it, the MSI-X table,
/// or no such width here; kBusy: the same write is another eventfd's; ENOSPC: 1000 are all there
/// can be. kUnsupported: the driver has none of this.
[[nodiscard]] VFIO_EXPORT Result<void> set_doorbell(Calls& calls, const DeviceFd& fd,
                                                    const Region& region,
                                                    const DoorbellWrite& write, int eventfd,
                                                    const std::string& device);

}  // namespace vfio
