// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string_view>

namespace base {

/// Version sort, as in `ls -v`: digits inside the texts compare by value. Negative, 0 or positive;
/// 0 also where only leading zeros differ.
[[nodiscard]] int version_compare(std::string_view a, std::string_view b);

}  // namespace base
