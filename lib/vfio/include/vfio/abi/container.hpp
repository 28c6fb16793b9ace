// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "vfio/abi/capability.hpp"
#include "vfio/abi/ioctl.hpp"

namespace vfio::abi {

/// What a container fd understands. 112 and 117 mean one thing on a type1 container and another on
/// a SPAPR one, and a third on a device: hence one enum per kind of fd.
enum class ContainerCall : unsigned long {
    kGetApiVersion = request(100),
    kCheckExtension = request(101),
    kSetIommu = request(102),
    kType1GetInfo = request(112),
    kSpaprGetInfo = request(112),
    kMapDma = request(113),
    kUnmapDma = request(114),
    kSpaprEnable = request(115),
    kSpaprDisable = request(116),
    kDirtyPages = request(117),
    kSpaprRegisterMemory = request(117),
    kSpaprUnregisterMemory = request(118),
    kSpaprTceCreate = request(119),
    kSpaprTceRemove = request(120),
    kEehPeOp = request(121),
};

inline constexpr int kApiVersion = 0;

/// VFIO_CHECK_EXTENSION's and VFIO_SET_IOMMU's argument.
enum class Extension : unsigned long {
    kType1 = 1,
    kSpaprTce = 2,
    kType1v2 = 3,
    kDmaCc = 4,
    kEeh = 5,
    /// Gone from the kernel (6.13); never to be requested, whatever CHECK_EXTENSION answers.
    kReservedNesting = 6,
    kSpaprTceV2 = 7,
    kNoiommu = 8,
    kUnmapAll = 9,
    kUpdateVaddr = 10,
};

struct Type1Info {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint64_t iova_pgsizes;
    std::uint32_t cap_offset;
    std::uint32_t pad;
};
inline constexpr std::uint32_t kType1InfoPgsizes = 1U << 0;
inline constexpr std::uint32_t kType1InfoCaps = 1U << 1;
/// The structure before it had capabilities (Linux < 5.4).
inline constexpr std::uint32_t kType1InfoOldSize = offsetof(Type1Info, cap_offset);

inline constexpr std::uint16_t kType1CapIovaRange = 1;
inline constexpr std::uint16_t kType1CapMigration = 2;
inline constexpr std::uint16_t kType1CapDmaAvail = 3;

struct Type1IovaRange {
    std::uint64_t start;
    std::uint64_t end;  ///< inclusive
};
/// Followed by nr_iovas Type1IovaRange.
struct Type1CapIovaRange {
    CapHeader header;
    std::uint32_t nr_iovas;
    std::uint32_t reserved;
};
struct Type1CapMigration {
    CapHeader header;
    std::uint32_t flags;
    std::uint64_t pgsize_bitmap;
    std::uint64_t max_dirty_bitmap_size;  ///< bytes
};
struct Type1CapDmaAvail {
    CapHeader header;
    std::uint32_t avail;
};

inline constexpr std::uint32_t kDmaMapRead = 1U << 0;   ///< the device may read
inline constexpr std::uint32_t kDmaMapWrite = 1U << 1;  ///< the device may write
inline constexpr std::uint32_t kDmaMapVaddr =
    1U << 2;  ///< only a new address for a mapping that exists
struct DmaMap {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint64_t vaddr;
    std::uint64_t iova;
    std::uint64_t size;
};

inline constexpr std::uint32_t kDmaUnmapGetDirtyBitmap = 1U << 0;
inline constexpr std::uint32_t kDmaUnmapAll = 1U << 1;
inline constexpr std::uint32_t kDmaUnmapVaddr = 1U << 2;
/// Followed by a DirtyBitmap when kDmaUnmapGetDirtyBitmap is set.
struct DmaUnmap {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint64_t iova;
    std::uint64_t size;  ///< in: bytes to unmap; out: bytes that were
};

struct DirtyBitmap {
    std::uint64_t pgsize;  ///< bytes per bit
    std::uint64_t size;    ///< bytes of the bitmap
    std::uint64_t data;    ///< address of the bitmap
};
inline constexpr std::uint32_t kDirtyPagesStart = 1U << 0;
inline constexpr std::uint32_t kDirtyPagesStop = 1U << 1;
inline constexpr std::uint32_t kDirtyPagesGetBitmap = 1U << 2;
/// Followed by a DirtyBitmapGet for kDirtyPagesGetBitmap.
struct DirtyPages {
    std::uint32_t argsz;
    std::uint32_t flags;
};
struct DirtyBitmapGet {
    std::uint64_t iova;
    std::uint64_t size;
    DirtyBitmap bitmap;
};

static_assert(sizeof(Type1Info) == 24 && kType1InfoOldSize == 16);
static_assert(sizeof(Type1IovaRange) == 16 && sizeof(Type1CapIovaRange) == 16);
static_assert(sizeof(Type1CapMigration) == 32 && offsetof(Type1CapMigration, pgsize_bitmap) == 16);
static_assert(sizeof(Type1CapDmaAvail) == 12);
static_assert(sizeof(DmaMap) == 32 && offsetof(DmaMap, vaddr) == 8 && offsetof(DmaMap, size) == 24);
static_assert(sizeof(DmaUnmap) == 24 && offsetof(DmaUnmap, iova) == 8);
static_assert(sizeof(DirtyBitmap) == 24 && sizeof(DirtyPages) == 8 && sizeof(DirtyBitmapGet) == 40);

}  // namespace vfio::abi
