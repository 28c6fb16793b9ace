// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>

#include "sysfs/usage/device_subtree.hpp"
#include "sysfs/usage/mount_table.hpp"

namespace sysfs {

/// The storage that the running system cannot do without: the file systems that hold its programs,
/// its boot files and the state of bindd, its swap areas, and everything that these stand on or
/// keep their journal on. Nothing may force such a disk away.
struct EssentialStorage {
    std::set<NodeNumber> numbers;     ///< of block devices and of mounts (anonymous for btrfs)
    std::set<std::string> blocks;     ///< block devices by the kernel's name
    std::set<std::string> zfs_pools;  ///< by name
    bool may_be_any_zfs_pool = false;
    std::set<std::string> carriers;  ///< what its disks are below in sysfs: "session1", "nvme1"
    /// A layer of the root is outside the mount namespace, as after a switch_root: any claimed disk
    /// with a file system may hold it.
    bool has_hidden_layer = false;

    [[nodiscard]] bool contains_pool(const std::string& name) const {
        return may_be_any_zfs_pool || zfs_pools.contains(name);
    }
    [[nodiscard]] bool contains(const Block& block) const {
        return numbers.contains(block.number) || blocks.contains(block.name);
    }
};

/// Reads it when it is first asked for: few devices have to do with storage.
class LazyEssentialStorage {
  public:
    /// Both must outlive it.
    LazyEssentialStorage(const Root& root, std::span<const Swap> swaps)
        : root_(root), swaps_(swaps) {}

    [[nodiscard]] const EssentialStorage& get();

  private:
    const Root& root_;
    std::span<const Swap> swaps_;
    std::optional<EssentialStorage> storage_;
};

/// Is the journal of a mounted ext3, ext4 or ocfs2 on this block device?
[[nodiscard]] bool is_external_journal(const Root& root, const std::string& block);

}  // namespace sysfs
