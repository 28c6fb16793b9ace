// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "vfio/abi/ioctl.hpp"

namespace vfio::abi {

/// What /dev/iommu understands. Each structure starts with its own size; a kernel takes any size
/// from the ioctl's first one on, so the smallest that carries the needed fields works on most
/// kernels.
enum class IommuCall : unsigned long {
    kDestroy = request(0x80),
    kIoasAlloc = request(0x81),
    kIoasAllowIovas = request(0x82),
    kIoasCopy = request(0x83),
    kIoasIovaRanges = request(0x84),
    kIoasMap = request(0x85),
    kIoasUnmap = request(0x86),
    kOption = request(0x87),
    kVfioIoas = request(0x88),
    kHwptAlloc = request(0x89),
    kGetHwInfo = request(0x8a),
    kHwptSetDirtyTracking = request(0x8b),
    kHwptGetDirtyBitmap = request(0x8c),
    kHwptInvalidate = request(0x8d),
    kFaultQueueAlloc = request(0x8e),
    kIoasMapFile = request(0x8f),
    kViommuAlloc = request(0x90),
    kVdeviceAlloc = request(0x91),
    kIoasChangeProcess = request(0x92),
    kVeventqAlloc = request(0x93),
    kHwQueueAlloc = request(0x94),
};

struct IommuDestroy {
    std::uint32_t size;
    std::uint32_t id;
};
struct IoasAlloc {
    std::uint32_t size;
    std::uint32_t flags;
    std::uint32_t out_ioas_id;
};
struct IommuIovaRange {
    std::uint64_t start;
    std::uint64_t last;  ///< inclusive
};
struct IoasIovaRanges {
    std::uint32_t size;
    std::uint32_t ioas_id;
    std::uint32_t num_iovas;
    std::uint32_t reserved;
    std::uint64_t allowed_iovas;  ///< address of num_iovas IommuIovaRange
    std::uint64_t out_iova_alignment;
};
struct IoasAllowIovas {
    std::uint32_t size;
    std::uint32_t ioas_id;
    std::uint32_t num_iovas;
    std::uint32_t reserved;
    std::uint64_t allowed_iovas;
};

inline constexpr std::uint32_t kIoasMapFixedIova = 1U << 0;
inline constexpr std::uint32_t kIoasMapWriteable = 1U << 1;
inline constexpr std::uint32_t kIoasMapReadable = 1U << 2;
struct IoasMap {
    std::uint32_t size;
    std::uint32_t flags;
    std::uint32_t ioas_id;
    std::uint32_t reserved;
    std::uint64_t user_va;
    std::uint64_t length;
    std::uint64_t iova;
};
struct IoasMapFile {
    std::uint32_t size;
    std::uint32_t flags;
    std::uint32_t ioas_id;
    std::int32_t fd;
    std::uint64_t start;
    std::uint64_t length;
    std::uint64_t iova;
};
struct IoasCopy {
    std::uint32_t size;
    std::uint32_t flags;
    std::uint32_t dst_ioas_id;
    std::uint32_t src_ioas_id;
    std::uint64_t length;
    std::uint64_t dst_iova;
    std::uint64_t src_iova;
};
struct IoasUnmap {
    std::uint32_t size;
    std::uint32_t ioas_id;
    std::uint64_t iova;
    std::uint64_t length;  ///< in: bytes; out: bytes unmapped
};
struct IoasChangeProcess {
    std::uint32_t size;
    std::uint32_t reserved;
};

inline constexpr std::uint32_t kOptionRlimitMode = 0;
inline constexpr std::uint32_t kOptionHugePages = 1;
inline constexpr std::uint16_t kOptionSet = 0;
inline constexpr std::uint16_t kOptionGet = 1;
struct IommuOption {
    std::uint32_t size;
    std::uint32_t option_id;
    std::uint16_t op;
    std::uint16_t reserved;
    std::uint32_t object_id;
    std::uint64_t val64;
};

inline constexpr std::uint16_t kVfioIoasGet = 0;
inline constexpr std::uint16_t kVfioIoasSet = 1;
inline constexpr std::uint16_t kVfioIoasClear = 2;
struct VfioIoas {
    std::uint32_t size;
    std::uint32_t ioas_id;
    std::uint16_t op;
    std::uint16_t reserved;
};

static_assert(sizeof(IommuDestroy) == 8 && sizeof(IoasAlloc) == 12);
static_assert(sizeof(IommuIovaRange) == 16 && sizeof(IoasIovaRanges) == 32);
static_assert(sizeof(IoasAllowIovas) == 24 && offsetof(IoasAllowIovas, allowed_iovas) == 16);
static_assert(sizeof(IoasMap) == 40 && offsetof(IoasMap, user_va) == 16);
static_assert(sizeof(IoasMapFile) == 40 && offsetof(IoasMapFile, start) == 16);
static_assert(sizeof(IoasCopy) == 40 && offsetof(IoasCopy, length) == 16);
static_assert(sizeof(IoasUnmap) == 24 && sizeof(IoasChangeProcess) == 8);
static_assert(sizeof(IommuOption) == 24 && offsetof(IommuOption, object_id) == 12);
static_assert(sizeof(VfioIoas) == 12);

}  // namespace vfio::abi
