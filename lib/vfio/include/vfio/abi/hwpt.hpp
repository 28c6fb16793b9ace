// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

/// iommufd's hardware page tables: allocation, what the hardware can do, dirty tracking,
/// invalidation.
namespace vfio::abi {

inline constexpr std::uint32_t kHwptNestParent = 1U << 0;
inline constexpr std::uint32_t kHwptDirtyTracking = 1U << 1;
inline constexpr std::uint32_t kHwptFaultIdValid = 1U << 2;
inline constexpr std::uint32_t kHwptPasid = 1U << 3;

enum class HwptData : std::uint32_t { kNone = 0, kVtdS1 = 1, kArmSmmuv3 = 2, kAmdGuest = 3 };
struct HwptAlloc {
    std::uint32_t size;
    std::uint32_t flags;
    std::uint32_t dev_id;
    std::uint32_t pt_id;
    std::uint32_t out_hwpt_id;
    std::uint32_t reserved;
    std::uint32_t data_type;
    std::uint32_t data_len;
    std::uint64_t data_uptr;
    std::uint32_t fault_id;
    std::uint32_t reserved2;
};
/// Without the fault queue (Linux 6.8 to 6.10), and without type-specific data (6.6).
inline constexpr std::uint32_t kHwptAllocNoFaultSize = offsetof(HwptAlloc, fault_id);
inline constexpr std::uint32_t kHwptAllocSmallSize = offsetof(HwptAlloc, data_type);

struct HwptVtdS1 {
    std::uint64_t flags;
    std::uint64_t pgtbl_addr;
    std::uint32_t addr_width;
    std::uint32_t reserved;
};
struct HwptArmSmmuv3 {
    std::uint64_t ste[2];  ///< little-endian
};
struct HwptAmdGuest {
    std::uint64_t dte[4];
};

enum class HwInfoType : std::uint32_t {
    kNone = 0,
    kIntelVtd = 1,
    kArmSmmuv3 = 2,
    kTegra241Cmdqv = 3,
    kAmd = 4,
};
inline constexpr std::uint32_t kHwInfoInputType = 1U << 0;
inline constexpr std::uint64_t kHwCapDirtyTracking = 1U << 0;
inline constexpr std::uint64_t kHwCapPasidExec = 1U << 1;
inline constexpr std::uint64_t kHwCapPasidPriv = 1U << 2;
inline constexpr std::uint64_t kHwCapAtsNotSupported = 1U << 3;
struct HwInfo {
    std::uint32_t size;
    std::uint32_t flags;
    std::uint32_t dev_id;
    std::uint32_t data_len;
    std::uint64_t data_uptr;
    std::uint32_t data_type;  ///< in with kHwInfoInputType, else out
    std::uint8_t out_max_pasid_log2;
    std::uint8_t reserved[3];
    std::uint64_t out_capabilities;
};
struct HwInfoVtd {
    std::uint32_t flags;
    std::uint32_t reserved;
    std::uint64_t cap_reg;
    std::uint64_t ecap_reg;
};
struct HwInfoArmSmmuv3 {
    std::uint32_t flags;
    std::uint32_t reserved;
    std::uint32_t idr[6];
    std::uint32_t iidr;
    std::uint32_t aidr;
};
struct HwInfoTegra241Cmdqv {
    std::uint32_t flags;
    std::uint8_t version;
    std::uint8_t log2vcmdqs;
    std::uint8_t log2vsids;
    std::uint8_t reserved;
};
struct HwInfoAmd {
    std::uint64_t efr;
    std::uint64_t efr2;
};

inline constexpr std::uint32_t kDirtyTrackingEnable = 1;
struct HwptSetDirtyTracking {
    std::uint32_t size;
    std::uint32_t flags;
    std::uint32_t hwpt_id;
    std::uint32_t reserved;
};
inline constexpr std::uint32_t kDirtyBitmapNoClear = 1;
struct HwptGetDirtyBitmap {
    std::uint32_t size;
    std::uint32_t hwpt_id;
    std::uint32_t flags;
    std::uint32_t reserved;
    std::uint64_t iova;
    std::uint64_t length;
    std::uint64_t page_size;
    std::uint64_t data;  ///< address of the bitmap
};

enum class InvalidateData : std::uint32_t { kVtdS1 = 0, kArmSmmuv3 = 1 };
struct HwptVtdS1Invalidate {
    std::uint64_t addr;
    std::uint64_t npages;
    std::uint32_t flags;
    std::uint32_t reserved;
};
struct ViommuArmSmmuv3Invalidate {
    std::uint64_t cmd[2];  ///< little-endian
};
struct HwptInvalidate {
    std::uint32_t size;
    std::uint32_t hwpt_id;
    std::uint64_t data_uptr;
    std::uint32_t data_type;
    std::uint32_t entry_len;
    std::uint32_t entry_num;  ///< in: entries; out: entries handled, on failure too
    std::uint32_t reserved;
};

static_assert(sizeof(HwptAlloc) == 48 && kHwptAllocNoFaultSize == 40 && kHwptAllocSmallSize == 24);
static_assert(sizeof(HwptVtdS1) == 24 && sizeof(HwptArmSmmuv3) == 16 && sizeof(HwptAmdGuest) == 32);
static_assert(sizeof(HwInfo) == 40 && offsetof(HwInfo, out_capabilities) == 32);
static_assert(sizeof(HwInfoVtd) == 24 && sizeof(HwInfoArmSmmuv3) == 40);
static_assert(sizeof(HwInfoTegra241Cmdqv) == 8 && sizeof(HwInfoAmd) == 16);
static_assert(sizeof(HwptSetDirtyTracking) == 16 && sizeof(HwptGetDirtyBitmap) == 48);
static_assert(sizeof(HwptVtdS1Invalidate) == 24 && sizeof(ViommuArmSmmuv3Invalidate) == 16);
static_assert(sizeof(HwptInvalidate) == 32 && offsetof(HwptInvalidate, entry_num) == 24);

}  // namespace vfio::abi
