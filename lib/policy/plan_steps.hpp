// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "policy/plan.hpp"
#include "sysfs/inventory.hpp"

namespace policy {

/// A transaction's changes spelled out as writes to the kernel, in the order of execution, each
/// change with its first candidate.
[[nodiscard]] std::vector<Step> spell_out(const std::vector<Change>& changes,
                                          const sysfs::Inventory& inventory);

/// "root:kvm 0660", with what is not given left out.
[[nodiscard]] std::string access_text(const Access& access);

}  // namespace policy
