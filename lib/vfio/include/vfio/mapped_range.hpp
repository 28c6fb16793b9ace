// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstdint>

#include "vfio/iova_range.hpp"

namespace vfio {

/// Where a mapping's pages come from.
enum class MappingSource : std::uint8_t {
    kMemory,  ///< this process' address
    kFile,    ///< a memfd, pinned from the page cache (IOAS_MAP_FILE): survives exec
    kBar,     ///< a device's dma-buf: torn down by the kernel when that device is reset
};

/// One mapping as the kernel has it: the unit that can be unmapped.
struct MappedRange {
    IovaRange iova;
    std::uint64_t address = 0;  ///< in this process; 0 for a file that is not mapped here
    DmaAccess access = DmaAccess::kReadWrite;
    MappingSource source = MappingSource::kMemory;

    [[nodiscard]] bool revocable() const { return source == MappingSource::kBar; }
    auto operator<=>(const MappedRange&) const = default;
};

}  // namespace vfio
