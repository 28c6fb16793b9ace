// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sysfs/host/root.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Adds what is written on the disks that no use in `check` names. Call after find_mounts(),
/// find_swaps() and find_holders().
void find_contents(const Root& root, UsageCheck& check);

}  // namespace sysfs
