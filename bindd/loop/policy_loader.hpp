// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "bindd/controller/input.hpp"

namespace bindd {

/// Reads files, and directories of them. An absent path is no error.
[[nodiscard]] LoadedPolicies load_policies(const std::vector<std::string>& paths);

}  // namespace bindd
