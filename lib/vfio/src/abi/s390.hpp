// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "vfio/abi/capability.hpp"

/// s390: zPCI, channel devices and crypto queues.
namespace vfio::abi {

/// CLP "query PCI function" (device capability 1). Version 1 ends before fh.
struct DeviceCapZpciBase {
    CapHeader header;
    std::uint64_t start_dma;
    std::uint64_t end_dma;
    std::uint16_t pchid;
    std::uint16_t vfn;
    std::uint16_t fmb_length;
    std::uint8_t pft;
    std::uint8_t gid;
    std::uint32_t fh;
};
inline constexpr std::size_t kZpciBaseV1Size = offsetof(DeviceCapZpciBase, fh);

inline constexpr std::uint64_t kZpciFlagRefresh = 1;
/// CLP "query PCI function group" (capability 2). Version 1 ends before reserved.
struct DeviceCapZpciGroup {
    CapHeader header;
    std::uint64_t dasm;
    std::uint64_t msi_addr;
    std::uint64_t flags;
    std::uint16_t mui;
    std::uint16_t noi;
    std::uint16_t maxstbl;
    std::uint8_t version;
    std::uint8_t reserved;
    std::uint16_t imaxstbl;
};
inline constexpr std::size_t kZpciGroupV1Size = offsetof(DeviceCapZpciGroup, reserved);

/// Utility string (capability 3, EBCDIC) and PCI function path (capability 4): size bytes follow.
struct DeviceCapZpciBytes {
    CapHeader header;
    std::uint32_t size;
};

static_assert(sizeof(DeviceCapZpciBase) == 40 && kZpciBaseV1Size == 32);
static_assert(sizeof(DeviceCapZpciGroup) == 48 && kZpciGroupV1Size == 39);
static_assert(offsetof(DeviceCapZpciGroup, imaxstbl) == 40);
static_assert(sizeof(DeviceCapZpciBytes) == 12);

// vfio-ccw and vfio-ap: channel devices and crypto queues.

inline constexpr std::uint32_t kCcwConfigRegion = 0;
enum class CcwIrq : std::uint32_t { kIo = 0, kCrw = 1, kReq = 2 };
enum class ApIrq : std::uint32_t { kReq = 0, kCfgChg = 1 };

/// The config region of a subchannel: START SUBCHANNEL is a write of the whole of it.
struct [[gnu::packed]] CcwIoRegion {
    std::uint8_t orb_area[12];
    std::uint8_t scsw_area[12];
    std::uint8_t irb_area[96];
    std::uint32_t ret_code;
};
inline constexpr std::uint32_t kCcwAsyncHalt = 1U << 0;
inline constexpr std::uint32_t kCcwAsyncClear = 1U << 1;
struct [[gnu::packed]] CcwCmdRegion {
    std::uint32_t command;
    std::uint32_t ret_code;
};
struct [[gnu::packed]] CcwSchibRegion {
    std::uint8_t schib_area[52];
};
struct [[gnu::packed]] CcwCrwRegion {
    std::uint32_t crw;
    std::uint32_t pad;
};

static_assert(sizeof(CcwIoRegion) == 124 && sizeof(CcwCmdRegion) == 8);
static_assert(sizeof(CcwSchibRegion) == 52 && sizeof(CcwCrwRegion) == 8);

}  // namespace vfio::abi
