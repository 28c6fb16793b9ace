// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sysfs/host/root.hpp"
#include "sysfs/usage/device_subtree.hpp"

namespace sysfs {

/// Adds the block device with the directory `dir` and everything stacked on it, each once: its
/// holders (dm, md, bcache), their partitions, and their holders in turn.
void add_block(const Root& root, const std::string& dir, std::vector<Block>& blocks);

/// Adds the block device `name`, its partitions and holders as stacked on `below`.
void add_stacked(const Root& root, const std::string& name, const std::string& below,
                 std::vector<Block>& blocks);

/// The kernel's name of "/dev/sda1", "/dev/mapper/vg-root" or a link to one; empty for another
/// source.
[[nodiscard]] std::string find_block(const Root& root, const std::string& source);

/// The block devices of a file system that spans several, by sysfs: btrfs has links in
/// fs/btrfs/<uuid>/devices, bcachefs has fs/bcachefs/<uuid>/dev-N/block. Both exist only while it
/// is mounted (or about to be). f2fs has the name of its first disk in place of a UUID.
[[nodiscard]] std::set<std::string> pool_members(const Root& root, const std::string& fs,
                                                 const std::string& uuid);
/// The same for one that has no link from `below`: a loop device over it or over a file on it.
void add_claimless(const Root& root, const std::string& name, const std::string& below,
                   const std::string& path, std::vector<Block>& blocks);

}  // namespace sysfs
