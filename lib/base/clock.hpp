// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstdint>

namespace base {

/// The clock of deadlines and delays.
using Clock = std::chrono::steady_clock;

/// Microseconds since the epoch, as journals and the history record them.
[[nodiscard]] std::int64_t unix_time_us();

}  // namespace base
