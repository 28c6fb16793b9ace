// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "policy/plan/plan.hpp"

/// Plans before and after they are applied.
namespace binding {

[[nodiscard]] nlohmann::ordered_json plan_json(const policy::Plan& plan);
[[nodiscard]] nlohmann::ordered_json transaction_json(const policy::Transaction& transaction);
/// `reasons` of plan, apply and explain.
[[nodiscard]] nlohmann::ordered_json reasons_json(const std::vector<policy::Reason>& reasons);

}  // namespace binding
