// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstdint>

namespace base {

/// The clock of deadlines and delays.
using Clock = std::chrono::steady_clock;

/// Microseconds since the epoch, as journals and the history record them.
[[nodiscard]] inline std::int64_t unix_time_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace base
