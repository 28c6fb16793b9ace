// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace vfio::abi {

/// The first nine region indexes of a vfio-pci device are fixed; any above have a kRegionCapType.
enum class PciRegion : std::uint32_t {
    kBar0 = 0,
    kBar1 = 1,
    kBar2 = 2,
    kBar3 = 3,
    kBar4 = 4,
    kBar5 = 5,
    kRom = 6,
    kConfig = 7,
    kVga = 8,
};
inline constexpr std::uint32_t kPciNumRegions = 9;

enum class PciIrq : std::uint32_t {
    kIntx = 0,
    kMsi = 1,
    kMsix = 2,
    kErr = 3,
    kReq = 4,
};
inline constexpr std::uint32_t kPciNumIrqs = 5;

/// In cdev mode the first field is a devid instead of a group.
struct PciDependentDevice {
    std::uint32_t group_or_devid;
    std::uint16_t segment;
    std::uint8_t bus;
    std::uint8_t devfn;
};
inline constexpr std::uint32_t kPciDevidOwned = 0;
inline constexpr std::uint32_t kPciDevidNotOwned = 0xffffffff;

inline constexpr std::uint32_t kHotResetDevId = 1U << 0;
inline constexpr std::uint32_t kHotResetDevIdOwned = 1U << 1;
/// Followed by count PciDependentDevice.
struct PciHotResetInfo {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t count;
};
/// Followed by count int32 group fds; none in cdev mode.
struct PciHotReset {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t count;
};

static_assert(sizeof(PciDependentDevice) == 8 && offsetof(PciDependentDevice, devfn) == 7);
static_assert(sizeof(PciHotResetInfo) == 12 && sizeof(PciHotReset) == 12);

}  // namespace vfio::abi
