// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/model/policy_model.hpp"

namespace policy {

/// Do two rules ask the same of a device? Everything that would be done to it counts, and on what
/// conditions; what the rules are called, what they match and how many devices they take does not.
[[nodiscard]] bool same_action(const Rule& a, const Rule& b);

}  // namespace policy
