// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "vfio/abi/ioctl.hpp"

namespace vfio::abi {

/// What a group fd understands.
enum class GroupCall : unsigned long {
    kGetStatus = request(103),
    kSetContainer = request(104),  ///< int*: a container's fd, or an iommufd's (Linux 6.2)
    kUnsetContainer = request(105),
    kGetDeviceFd = request(106),  ///< char*: "name" or "name vf_token=uuid"
};

inline constexpr std::uint32_t kGroupViable = 1U << 0;
inline constexpr std::uint32_t kGroupContainerSet = 1U << 1;
struct VfioGroupStatus {
    std::uint32_t argsz;
    std::uint32_t flags;
};
static_assert(sizeof(VfioGroupStatus) == 8);

}  // namespace vfio::abi
