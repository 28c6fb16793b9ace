// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "policy/plan/plan.hpp"
#include "sysfs/device/inventory.hpp"

namespace policy {

/// The kernel writes of a transaction's changes, in the order of execution, each change with its
/// first candidate.
[[nodiscard]] std::vector<Step> make_steps(const std::vector<Change>& changes,
                                           const sysfs::Inventory& inventory);

/// "root:kvm 0660", without what is not given.
[[nodiscard]] std::string format_access(const AccessSpec& access);

}  // namespace policy
