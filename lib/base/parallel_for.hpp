// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <functional>

namespace base {

/// Calls `one` once with each of 0 .. count-1. Large ranges are divided among as many threads as
/// there are processors, which have ended on return; `one` may modify only what belongs to its
/// number. Reading a large host is mostly system time, in which the kernel formats attributes.
void parallel_for(std::size_t count, const std::function<void(std::size_t)>& one);

}  // namespace base
