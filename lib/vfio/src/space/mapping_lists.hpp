// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "vfio/iommu_backend.hpp"
#include "vfio/map_request.hpp"

namespace vfio {

/// The mappings in IOVA order, each with its new address. ENOENT: no mapping starts at the IOVA of
/// a relocation. EINVAL: two mappings overlap. `object` is the backend's name, for the error.
[[nodiscard]] Result<std::vector<MappedRange>> relocate(std::vector<MappedRange> mappings,
                                                        std::span<const Relocation> relocations,
                                                        const std::string& object);

/// The requests sorted by IOVA and address, those that continue each other joined into one. Fewer
/// mappings need fewer ioctls, fewer entries of a container's limit and fewer entries of the IOTLB.
[[nodiscard]] std::vector<MapRequest> coalesce(std::span<const MapRequest> requests);

}  // namespace vfio
