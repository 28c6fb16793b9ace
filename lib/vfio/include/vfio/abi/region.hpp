// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "vfio/abi/capability.hpp"

namespace vfio::abi {

inline constexpr std::uint32_t kRegionRead = 1U << 0;
inline constexpr std::uint32_t kRegionWrite = 1U << 1;
inline constexpr std::uint32_t kRegionMmap = 1U << 2;
inline constexpr std::uint32_t kRegionCaps = 1U << 3;
/// Regions are found by this structure's offset alone: vfio-pci shifts the index by 40 bits,
/// ism-vfio-pci by 48, and neither is a promise.
struct RegionInfo {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t index;
    std::uint32_t cap_offset;
    std::uint64_t size;    ///< bytes; 0 for a BAR that is not there
    std::uint64_t offset;  ///< from the start of the device fd
};

inline constexpr std::uint16_t kRegionCapSparseMmap = 1;
inline constexpr std::uint16_t kRegionCapType = 2;
inline constexpr std::uint16_t kRegionCapMsixMappable = 3;
inline constexpr std::uint16_t kRegionCapNvlink2Ssatgt = 4;  ///< kernels up to 5.12
inline constexpr std::uint16_t kRegionCapNvlink2Lnkspd = 5;  ///< kernels up to 5.12

struct SparseMmapArea {
    std::uint64_t offset;  ///< within the region
    std::uint64_t size;
};
/// Followed by nr_areas SparseMmapArea.
struct RegionCapSparseMmap {
    CapHeader header;
    std::uint32_t nr_areas;
    std::uint32_t reserved;
};
struct RegionCapType {
    CapHeader header;
    std::uint32_t type;
    std::uint32_t subtype;
};
struct RegionCapNvlink2Ssatgt {
    CapHeader header;
    std::uint64_t tgt;
};
struct RegionCapNvlink2Lnkspd {
    CapHeader header;
    std::uint32_t link_speed;
    std::uint32_t pad;
};

/// Region types: a PCI vendor's own (this bit and the vendor id), or one of the kernel's.
inline constexpr std::uint32_t kRegionTypePciVendor = 1U << 31;
inline constexpr std::uint32_t kRegionTypePciVendorMask = 0xffff;
inline constexpr std::uint32_t kRegionTypeGfx = 1;
inline constexpr std::uint32_t kRegionTypeCcw = 2;
inline constexpr std::uint32_t kRegionTypeMigrationV1 = 3;  ///< deprecated

inline constexpr std::uint32_t kSubtypeIgdOpregion = 1;  ///< of vendor 8086
inline constexpr std::uint32_t kSubtypeIgdHostCfg = 2;
inline constexpr std::uint32_t kSubtypeIgdLpcCfg = 3;
inline constexpr std::uint32_t kSubtypeNvlink2Ram = 1;   ///< of vendor 10de, no longer provided
inline constexpr std::uint32_t kSubtypeNvlink2Atsd = 1;  ///< of vendor 1014, no longer provided
inline constexpr std::uint32_t kSubtypeGfxEdid = 1;
inline constexpr std::uint32_t kSubtypeCcwAsyncCmd = 1;
inline constexpr std::uint32_t kSubtypeCcwSchib = 2;
inline constexpr std::uint32_t kSubtypeCcwCrw = 3;
inline constexpr std::uint32_t kSubtypeMigrationV1 = 1;

static_assert(sizeof(RegionInfo) == 32 && offsetof(RegionInfo, cap_offset) == 12 &&
              offsetof(RegionInfo, size) == 16 && offsetof(RegionInfo, offset) == 24);
static_assert(sizeof(SparseMmapArea) == 16 && sizeof(RegionCapSparseMmap) == 16);
static_assert(sizeof(RegionCapType) == 16 && sizeof(RegionCapNvlink2Ssatgt) == 16);
static_assert(sizeof(RegionCapNvlink2Lnkspd) == 16);

}  // namespace vfio::abi
