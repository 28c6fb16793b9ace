// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/model/policy_model.hpp"

/// A match applies to PCI devices unless it names a bus or an mdev parent.
namespace policy {

[[nodiscard]] bool names_bus(const FieldTest& test);
/// Does the match, or one inside it, name a bus?
[[nodiscard]] bool names_bus(const Match& match);
[[nodiscard]] bool any_names_bus(const std::vector<Match>& matches);

/// Can the match hold for PCI devices only?
[[nodiscard]] bool is_limited_to_pci(const Match& match);

}  // namespace policy
