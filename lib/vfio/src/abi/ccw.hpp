// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

/// vfio-ccw and vfio-ap: s390's channel devices and crypto queues.
namespace vfio::abi {

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
