// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/model/policy_model.hpp"

namespace policy {

/// Do two rules do the same to a device, on the same conditions? Their names, matches and limits do
/// not count.
[[nodiscard]] bool same_action(const Rule& a, const Rule& b);

}  // namespace policy
