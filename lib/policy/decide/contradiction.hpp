// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "policy/model/policy_model.hpp"

namespace policy {

/// Two parts of a match that no device can satisfy together.
struct Contradiction {
    std::string text;  ///< "is_vf: true excludes is_pf: true"
    SourceLocation where;
};

/// Why no device of any host can match; absent: one may, as far as the keys alone tell.
[[nodiscard]] std::optional<Contradiction> find_contradiction(const Match& match);

/// Does every device that `narrow` matches also match `wide`? False when that is not certain.
[[nodiscard]] bool implies(const Match& narrow, const Match& wide);

}  // namespace policy
