// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "vfio/iommu_backend.hpp"

namespace vfio {

/// What to map. Address and length are multiples of the address space's page size.
struct MapRequest {
    std::uint64_t address = 0;  ///< in this process
    std::uint64_t length = 0;   ///< bytes
    DmaAccess access = DmaAccess::kReadWrite;
    std::optional<std::uint64_t> iova{};  ///< absent: a free one is chosen
    /// For a chosen one: a power of two; the IOVA is then congruent to the address modulo this. 0:
    /// the largest page size, up to 1 GiB, that the length has room for.
    std::uint64_t alignment = 0;
    std::optional<IovaRange>
        within{};  ///< a chosen one lies in here (a device that reaches 28 bits)
};

/// A file to map: a memfd, a file of hugetlbfs or shmem, or a device's dma-buf.
struct FileRequest {
    IommuBackend::FileSlice file;
    MapRequest where;  ///< `address` may be 0, or where the same part of the file is mapped already
    MappingSource source = MappingSource::kFile;
};

}  // namespace vfio
