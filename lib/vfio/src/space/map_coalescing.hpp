// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <vector>

#include "vfio/map_request.hpp"

namespace vfio {

/// The requests sorted by IOVA and address, those that continue each other joined into one. Fewer
/// mappings need fewer ioctls, fewer entries of a container's limit and fewer entries of the IOTLB.
[[nodiscard]] std::vector<MapRequest> coalesce(std::span<const MapRequest> requests);

}  // namespace vfio
