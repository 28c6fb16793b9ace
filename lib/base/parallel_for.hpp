// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <functional>

namespace base {

/// Calls `one` with each of 0 .. count-1, once. Of a great many, shares are taken by as many
/// threads as there are processors, all of them over on return; so `one` may touch only what
/// belongs to its number. Reading a large host is nearly all system time: the kernel making
/// attributes' text.
void parallel_for(std::size_t count, const std::function<void(std::size_t)>& one);

}  // namespace base
