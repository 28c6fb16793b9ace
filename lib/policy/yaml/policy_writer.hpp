// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "policy/model/policy_model.hpp"

namespace policy {

/// The set as YAML that parses to an equal one: what `policy show` prints.
[[nodiscard]] std::string emit(const PolicySet& set);

}  // namespace policy
