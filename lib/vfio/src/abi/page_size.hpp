// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <unistd.h>

#include <cstdint>

namespace vfio {

/// Bytes of one page of this process, which is what the kernel pins.
[[nodiscard]] inline std::uint64_t page_size() {
    return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace vfio
