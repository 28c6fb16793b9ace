// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// Every command: parsing, help and completion read this table.
[[nodiscard]] const std::vector<Command>& commands();
/// Those whose name of two words begins with `name` ("policy"); empty when it is no family.
[[nodiscard]] std::vector<const Command*> family(const std::string& name);

}  // namespace vfioctl
