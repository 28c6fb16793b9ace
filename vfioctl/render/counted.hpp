// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>

namespace vfioctl {

/// "1 rule", "2 rules".
[[nodiscard]] std::string counted(std::size_t count, const std::string& what);

}  // namespace vfioctl
