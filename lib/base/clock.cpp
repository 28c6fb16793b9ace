// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/clock.hpp"

#include <chrono>

namespace base {

std::int64_t unix_time_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace base
