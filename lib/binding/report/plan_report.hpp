// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "policy/plan/plan.hpp"

namespace binding {

/// `reasons` as plan, apply and explain have them.
[[nodiscard]] nlohmann::ordered_json reasons_json(const std::vector<policy::Reason>& reasons);

}  // namespace binding
