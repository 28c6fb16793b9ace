// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// Every command: parsing, help and completion read this table.
[[nodiscard]] const std::vector<Command>& commands();

}  // namespace vfioctl
