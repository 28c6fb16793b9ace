// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace vfio::abi {

/// The header of each capability in an info structure's chain. `next` is an offset from the start
/// of the info structure, 0 in the last one.
struct CapHeader {
    std::uint16_t id;
    std::uint16_t version;
    std::uint32_t next;
};
static_assert(sizeof(CapHeader) == 8 && offsetof(CapHeader, next) == 4);

}  // namespace vfio::abi
