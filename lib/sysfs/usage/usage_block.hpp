// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>

#include "sysfs/host/root.hpp"
#include "sysfs/usage/mount_table.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Adds the file systems, swap areas and stacked block devices (md, dm, pools) on a device's disks.
void find_mounts(const Root& root, const MountTable& table, UsageCheck& check);
void find_swaps(const Root& root, std::span<const Swap> swaps, UsageCheck& check);
void find_holders(const Root& root, UsageCheck& check);

/// The first of `blocks` that the mounted file system is on, also as a member of a pool.
[[nodiscard]] const Block* block_of_mount(const Root& root, const Mount& mount,
                                          const std::vector<Block>& blocks);

}  // namespace sysfs
