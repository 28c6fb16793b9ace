// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

/// iommufd's virtual IOMMUs, their devices, queues and events, and I/O page faults.
namespace vfio::abi {

inline constexpr std::uint32_t kPgfaultPasidValid = 1U << 0;
inline constexpr std::uint32_t kPgfaultLastPage = 1U << 1;
inline constexpr std::uint32_t kPgfaultPermRead = 1U << 0;
inline constexpr std::uint32_t kPgfaultPermWrite = 1U << 1;
inline constexpr std::uint32_t kPgfaultPermExec = 1U << 2;
inline constexpr std::uint32_t kPgfaultPermPriv = 1U << 3;
/// One record read from a fault queue's fd.
struct HwptPgfault {
    std::uint32_t flags;
    std::uint32_t dev_id;
    std::uint32_t pasid;
    std::uint32_t grpid;
    std::uint32_t perm;
    std::uint32_t reserved;
    std::uint64_t addr;
    std::uint32_t length;
    std::uint32_t cookie;
};
/// One record written to it.
struct HwptPageResponse {
    std::uint32_t cookie;
    std::uint32_t code;  ///< 0 success, 1 invalid
};
struct FaultQueueAlloc {
    std::uint32_t size;
    std::uint32_t flags;
    std::uint32_t out_fault_id;
    std::uint32_t out_fault_fd;
};

enum class ViommuType : std::uint32_t { kDefault = 0, kArmSmmuv3 = 1, kTegra241Cmdqv = 2 };
struct ViommuTegra241Cmdqv {
    std::uint64_t out_vintf_mmap_offset;
    std::uint64_t out_vintf_mmap_length;
};
struct ViommuAlloc {
    std::uint32_t size;
    std::uint32_t flags;
    std::uint32_t type;
    std::uint32_t dev_id;
    std::uint32_t hwpt_id;
    std::uint32_t out_viommu_id;
    std::uint32_t data_len;
    std::uint32_t reserved;
    std::uint64_t data_uptr;
};
/// Without type-specific data (Linux 6.13 to 6.16).
inline constexpr std::uint32_t kViommuAllocSmallSize = offsetof(ViommuAlloc, data_len);
struct VdeviceAlloc {
    std::uint32_t size;
    std::uint32_t viommu_id;
    std::uint32_t dev_id;
    std::uint32_t out_vdevice_id;
    std::uint64_t virt_id;
};

inline constexpr std::uint32_t kVeventLost = 1U << 0;
/// Before each event read from a virtual event queue's fd; none follows one with kVeventLost.
struct VeventHeader {
    std::uint32_t flags;
    std::uint32_t sequence;  ///< 0 to INT_MAX, then 0 again
};
struct VeventArmSmmuv3 {
    std::uint64_t evt[4];  ///< little-endian
};
struct VeventTegra241Cmdqv {
    std::uint64_t lvcmdq_err_map[2];  ///< little-endian
};
struct VeventqAlloc {
    std::uint32_t size;
    std::uint32_t flags;
    std::uint32_t viommu_id;
    std::uint32_t type;
    std::uint32_t veventq_depth;
    std::uint32_t out_veventq_id;
    std::uint32_t out_veventq_fd;
    std::uint32_t reserved;
};

enum class HwQueueType : std::uint32_t { kDefault = 0, kTegra241Cmdqv = 1 };
struct HwQueueAlloc {
    std::uint32_t size;
    std::uint32_t flags;
    std::uint32_t viommu_id;
    std::uint32_t type;
    std::uint32_t index;
    std::uint32_t out_hw_queue_id;
    std::uint64_t nesting_parent_iova;
    std::uint64_t length;
};

static_assert(sizeof(HwptPgfault) == 40 && offsetof(HwptPgfault, addr) == 24 &&
              offsetof(HwptPgfault, cookie) == 36);
static_assert(sizeof(HwptPageResponse) == 8 && sizeof(FaultQueueAlloc) == 16);
static_assert(sizeof(ViommuTegra241Cmdqv) == 16);
static_assert(sizeof(ViommuAlloc) == 40 && kViommuAllocSmallSize == 24);
static_assert(sizeof(VdeviceAlloc) == 24 && sizeof(VeventHeader) == 8);
static_assert(sizeof(VeventArmSmmuv3) == 32 && sizeof(VeventTegra241Cmdqv) == 16);
static_assert(sizeof(VeventqAlloc) == 32 && sizeof(HwQueueAlloc) == 40);

}  // namespace vfio::abi
