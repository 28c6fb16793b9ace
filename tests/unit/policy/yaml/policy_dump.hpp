// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "policy/model/policy_model.hpp"

namespace policy {

/// Every value of a set as text, without positions: two sets are equal when these texts are. Shares
/// no code with emit(), which is tested against it.
[[nodiscard]] std::string describe(const PolicySet& set);

}  // namespace policy
