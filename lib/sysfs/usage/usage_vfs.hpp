// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Adds the enabled VFs of a PF.
void find_vfs(const Inventory& inventory, UsageCheck& check);

/// Adds the running mediated devices of a parent, which end with its driver, open or not.
void find_mdevs(UsageCheck& check);

}  // namespace sysfs
