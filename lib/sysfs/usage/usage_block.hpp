// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>

#include "sysfs/host/root.hpp"
#include "sysfs/usage/essential_storage.hpp"
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

/// A mount of a file system that has no block device of the subtree.
void report_mount(NodeNumber number, const std::string& text, std::string evidence,
                  LazyEssentialStorage& essential, UsageCheck& check);

/// Has it flash memory without a block device of its own (MTD)?
[[nodiscard]] bool has_flash(const UsageCheck& check);
/// File systems that are mounted from its flash memory directly (jffs2), and UBI.
void find_flash_uses(const Root& root, const MountTable& mounts, LazyEssentialStorage& essential,
                     UsageCheck& check);

}  // namespace sysfs
