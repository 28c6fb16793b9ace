// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>

/// The heap of a benchmark's process, counted at operator new and delete (single-threaded).
namespace heap {

/// Starts counting anew: the peak is what is allocated beyond this moment.
void start();
/// The most bytes that were allocated at once since start().
[[nodiscard]] std::size_t peak();

}  // namespace heap
