// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <span>

#include "vfio/cap_chain.hpp"
#include "vfio/iommu_backend.hpp"

namespace vfio {

/// VFIO_IOMMU_GET_INFO of a type1 container, with its capabilities; those unknown are in `caps`.
struct Type1Details {
    Geometry geometry;
    std::uint64_t max_dirty_bitmap = 0;  ///< bytes of bitmap one call takes; 0: no dirty tracking
    CapChain caps;
};

/// Reads the kernel's bytes. No IOVA capability means no restriction known: a container whose
/// devices are all mdevs has none (vfio_iommu_type1.c:2780).
[[nodiscard]] Type1Details parse_type1_info(std::span<const std::byte> info);

}  // namespace vfio
