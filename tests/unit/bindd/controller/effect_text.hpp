// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "bindd/controller/effect.hpp"

namespace bindd {

/// One line for each effect; times are relative to `now`. Requests are numbered "#1".
[[nodiscard]] std::vector<std::string> to_text(const Effects& effects, Time now);

}  // namespace bindd
