// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/fake/kernel_state.hpp"

namespace tests {

/// The host of the bus tests: a GPU with its audio function, two NICs of which the second refuses
/// vfio-pci, a disk, an mdev; and `extra` NICs more.
[[nodiscard]] fake::KernelState bus_world(unsigned extra);

}  // namespace tests
