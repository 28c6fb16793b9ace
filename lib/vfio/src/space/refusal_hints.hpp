// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "vfio/iommu_backend.hpp"
#include "vfio/src/space/mapping_table.hpp"

namespace vfio {

/// The kernel's refusal of a map, with advice: the memory limit, the entry limit, the nearest
/// usable IOVA.
[[nodiscard]] Error explain_map_refusal(Error error, const MappedRange& piece, Backend backend,
                                        const Geometry& geometry, const MappingTable& table,
                                        Calls& calls);

/// The kernel's refusal of a device or group (EPERM or EINVAL from a container, EADDRINUSE from an
/// iommufd), explained by the group's reserved regions in sysfs where they say why: memory that the
/// firmware keeps for DMA, or a mapping that lies in one. A device's usable ranges are known only
/// once it is attached, and the kernel does not say which mapping lies outside them. `object` is
/// "/dev/vfio/15", "15" or "0000:00:11.0".
[[nodiscard]] Error explain_attach_refusal(Error error, const std::string& object,
                                           const MappingTable& table, Calls& calls);

}  // namespace vfio
