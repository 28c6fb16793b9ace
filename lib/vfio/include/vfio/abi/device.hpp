// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "vfio/abi/capability.hpp"
#include "vfio/abi/ioctl.hpp"

namespace vfio::abi {

/// The ioctls of a device fd, whether it came from a group or from a cdev.
enum class DeviceCall : unsigned long {
    kGetInfo = request(107),
    kGetRegionInfo = request(108),
    kGetIrqInfo = request(109),
    kSetIrqs = request(110),
    kReset = request(111),
    kGetPciHotResetInfo = request(112),
    kPciHotReset = request(113),
    kQueryGfxPlane = request(114),
    kGetGfxDmabuf = request(115),
    kIoeventfd = request(116),
    kFeature = request(117),
    kBindIommufd = request(118),
    kAttachIommufdPt = request(119),
    kDetachIommufdPt = request(120),
};

inline constexpr std::uint32_t kDeviceReset = 1U << 0;
inline constexpr std::uint32_t kDevicePci = 1U << 1;
inline constexpr std::uint32_t kDevicePlatform = 1U << 2;
inline constexpr std::uint32_t kDeviceAmba = 1U << 3;
inline constexpr std::uint32_t kDeviceCcw = 1U << 4;
inline constexpr std::uint32_t kDeviceAp = 1U << 5;
inline constexpr std::uint32_t kDeviceFslMc = 1U << 6;
inline constexpr std::uint32_t kDeviceCaps = 1U << 7;
inline constexpr std::uint32_t kDeviceCdx = 1U << 8;
struct DeviceInfoHeader {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t num_regions;
    std::uint32_t num_irqs;
    std::uint32_t cap_offset;
    std::uint32_t pad;
};
/// The structure before it had capabilities (Linux < 5.10).
inline constexpr std::uint32_t kDeviceInfoOldSize = offsetof(DeviceInfoHeader, cap_offset);

inline constexpr std::uint16_t kDeviceCapZpciBase = 1;
inline constexpr std::uint16_t kDeviceCapZpciGroup = 2;
inline constexpr std::uint16_t kDeviceCapZpciUtil = 3;
inline constexpr std::uint16_t kDeviceCapZpciPfip = 4;
inline constexpr std::uint16_t kDeviceCapPciAtomicComp = 5;

inline constexpr std::uint32_t kAtomicComp32 = 1U << 0;
inline constexpr std::uint32_t kAtomicComp64 = 1U << 1;
inline constexpr std::uint32_t kAtomicComp128 = 1U << 2;
struct DeviceCapPciAtomicComp {
    CapHeader header;
    std::uint32_t flags;
    std::uint32_t reserved;
};

inline constexpr std::uint32_t kIrqEventfd = 1U << 0;
inline constexpr std::uint32_t kIrqMaskable = 1U << 1;
inline constexpr std::uint32_t kIrqAutomasked = 1U << 2;
inline constexpr std::uint32_t kIrqNoresize = 1U << 3;
struct IrqInfo {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t index;
    std::uint32_t count;
};

inline constexpr std::uint32_t kIrqSetDataNone = 1U << 0;
inline constexpr std::uint32_t kIrqSetDataBool = 1U << 1;  ///< one byte per interrupt
inline constexpr std::uint32_t kIrqSetDataEventfd = 1U
                                                    << 2;  ///< one int32 per interrupt, -1 is none
inline constexpr std::uint32_t kIrqSetActionMask = 1U << 3;
inline constexpr std::uint32_t kIrqSetActionUnmask = 1U << 4;
inline constexpr std::uint32_t kIrqSetActionTrigger = 1U << 5;
/// Followed by the data that flags says.
struct IrqSet {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t index;
    std::uint32_t start;
    std::uint32_t count;
};

inline constexpr std::uint32_t kIoeventfd8 = 1U << 0;
inline constexpr std::uint32_t kIoeventfd16 = 1U << 1;
inline constexpr std::uint32_t kIoeventfd32 = 1U << 2;
inline constexpr std::uint32_t kIoeventfd64 = 1U << 3;
struct Ioeventfd {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint64_t offset;
    std::uint64_t data;
    std::int32_t fd;  ///< -1 takes the assignment back
    std::uint32_t reserved;
};

inline constexpr std::uint32_t kBindFlagToken = 1U << 0;  ///< Linux 6.17
struct BindIommufd {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::int32_t iommufd;
    std::uint32_t out_devid;
    std::uint64_t token_uuid_ptr;
};
/// Without the token: what every kernel with cdevs (6.6) takes.
inline constexpr std::uint32_t kBindIommufdSmallSize = offsetof(BindIommufd, token_uuid_ptr);

inline constexpr std::uint32_t kAttachPasid = 1U << 0;  ///< Linux 6.15
struct AttachIommufdPt {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t pt_id;
    std::uint32_t pasid;
};
inline constexpr std::uint32_t kAttachIommufdPtSmallSize = offsetof(AttachIommufdPt, pasid);
inline constexpr std::uint32_t kDetachPasid = 1U << 0;
struct DetachIommufdPt {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t pasid;
};
inline constexpr std::uint32_t kDetachIommufdPtSmallSize = offsetof(DetachIommufdPt, pasid);

static_assert(sizeof(DeviceInfoHeader) == 24 && kDeviceInfoOldSize == 16);
static_assert(sizeof(DeviceCapPciAtomicComp) == 16);
static_assert(sizeof(IrqInfo) == 16 && sizeof(IrqSet) == 20);
static_assert(sizeof(Ioeventfd) == 32 && offsetof(Ioeventfd, fd) == 24);
static_assert(sizeof(BindIommufd) == 24 && kBindIommufdSmallSize == 16);
static_assert(sizeof(AttachIommufdPt) == 16 && kAttachIommufdPtSmallSize == 12);
static_assert(sizeof(DetachIommufdPt) == 12 && kDetachIommufdPtSmallSize == 8);

}  // namespace vfio::abi
