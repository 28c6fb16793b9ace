// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/usage_block.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "base/path.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/usage/block_stack.hpp"

namespace sysfs {
namespace {

constexpr std::string_view kMtd = "mtd";  ///< a subsystem

constexpr const char* kPools[] = {"btrfs", "bcachefs"};

/// "nvme0n1p2", or "dm-0 (vg-home) above nvme0n1p3" for a stacked block device.
std::string block_text(const Block& block) {
    return block.below.empty() ? block.text()
                               : fmt::format("{} above {}", block.text(), block.below);
}

void report_mounts(UsageCheck& check, const Block& block, const std::string& what,
                   const std::string& places) {
    check.mounted_at.emplace(block.name, places);
    check.add(UseKind::kMounted, block, "a file system on it is mounted",
              fmt::format("{} on {}", what, places));
}

bool is_in_a_pool(const Root& root, const std::string& fs, const std::string& block) {
    const auto pools = base::list_directory(root.path("/sys/fs/" + fs));
    return std::any_of(pools.begin(), pools.end(), [&](const std::string& uuid) {
        return pool_members(root, fs, uuid).contains(block);
    });
}

/// Mounts of such a file system have an anonymous device number; the source names one member
/// ("/dev/sdb1", "/dev/mapper/home") or all ("/dev/sdb1:/dev/sdc1"). A root that the kernel has
/// mounted by itself has the source "/dev/root", which names none: it may be of any pool.
bool is_mount_of(const Root& root, const Mount& mount, const std::string& fs,
                 const std::set<std::string>& members) {
    if (mount.type != fs)
        return false;
    const std::string source = mount.source.substr(0, mount.source.find(':'));
    const std::string block = find_block(root, source);
    const std::string name = block.empty() ? base::base_name(source) : block;
    return members.contains(name) || (block.empty() && !is_in_a_pool(root, fs, name));
}

/// The mounted file systems of this pool; btrfs and bcachefs have one.
std::vector<NodeNumber> mounts_of_pool(const Root& root, const MountTable& table,
                                       const std::string& fs,
                                       const std::set<std::string>& members) {
    std::vector<NodeNumber> found;
    for (const auto& [number, mounts] : table.mounts) {
        if (is_mount_of(root, mounts.front(), fs, members))
            found.push_back(number);
    }
    return found;
}

void find_pool(const Root& root, const std::string& fs, const MountTable& table,
               UsageCheck& check) {
    const auto& blocks = check.subtree.blocks;
    for (const auto& uuid : base::list_directory(root.path("/sys/fs/" + fs))) {
        const auto members = pool_members(root, fs, uuid);
        const auto block = std::find_if(blocks.begin(), blocks.end(), [&](const Block& each) {
            return members.contains(each.name);
        });
        if (block == blocks.end())
            continue;
        const auto found = mounts_of_pool(root, table, fs, members);
        const std::string what = block_text(*block);
        for (const NodeNumber number : found)
            report_mounts(check, *block, fmt::format("{} ({})", what, fs),
                          table.places_text(number));
        if (found.empty() || members.size() > 1)
            check.add(UseKind::kHolder, *block, "it is a member of something bigger",
                      fmt::format("{} in {} {}", what, fs, uuid));
    }
}

/// A capture may lack the directories of pools: there the source of a mount tells.
void find_mount_by_source(const Root& root, const std::string& fs, const MountTable& table,
                          UsageCheck& check) {
    for (const auto& [number, mounts] : table.mounts) {
        if (mounts.front().type != fs)
            continue;
        const std::string name = find_block(root, mounts.front().source);
        for (const auto& block : check.subtree.blocks) {
            if (block.name == name && !is_in_a_pool(root, fs, name))
                report_mounts(check, block, fmt::format("{} ({})", block_text(block), fs),
                              table.places_text(number));
        }
    }
}

/// The device number of a path on this machine; nothing on a captured host, which has names only.
std::optional<NodeNumber> number_of(const Root& root, const Swap& swap) {
    struct stat status {};
    // A sandbox may hide /home and /tmp from us.
    const std::string of_host = "/proc/1/root" + swap.path;
    if (!root.is_live() ||
        (::stat(of_host.c_str(), &status) != 0 && ::stat(swap.path.c_str(), &status) != 0))
        return std::nullopt;
    if (swap.kind == Swap::SwapKind::kDevice && !S_ISBLK(status.st_mode))
        return std::nullopt;
    const dev_t number = swap.kind == Swap::SwapKind::kFile ? status.st_dev : status.st_rdev;
    return NodeNumber{NodeKind::kBlock, ::major(number), ::minor(number)};
}

bool is_on(const Swap& swap, std::optional<NodeNumber> number, const std::string& name,
           const Block& block) {
    return (number && *number == block.number) ||
           (swap.kind == Swap::SwapKind::kDevice && name == block.name);
}

/// ", mounted on /mnt" for a disk that is mounted or has a partition that is.
std::string mount_text(const UsageCheck& check, const Block& disk) {
    for (const auto& block : check.subtree.blocks) {
        const auto mounted = check.mounted_at.find(block.name);
        if (block.disk == disk.name && mounted != check.mounted_at.end())
            return ", mounted on " + mounted->second;
    }
    return {};
}

}  // namespace

void find_mounts(const Root& root, const MountTable& table, UsageCheck& check) {
    for (const auto& block : check.subtree.blocks) {
        if (table.mounts.contains(block.number))
            report_mounts(check, block, block_text(block), table.places_text(block.number));
    }
    for (const char* fs : kPools) {
        find_pool(root, fs, table, check);
        find_mount_by_source(root, fs, table, check);
    }
    find_pool(root, "f2fs", table, check);
    for (const auto& [path, user] : table.side_devices) {
        const std::string name = find_block(root, path);
        for (const auto& block : check.subtree.blocks) {
            if (block.name == name)
                check.add(UseKind::kHolder, block,
                          "a mounted file system keeps its log or data on it",
                          fmt::format("{} is a part of {}", block_text(block), user));
        }
    }
    for (const auto& unread : table.unknown)
        check.add(UseKind::kUnknown, "its mounts are not all known", unread);
}

void find_swaps(const Root& root, std::span<const Swap> swaps, UsageCheck& check) {
    for (const auto& swap : swaps) {
        const auto number = number_of(root, swap);
        const std::string name = find_block(root, swap.path);
        for (const auto& block : check.subtree.blocks) {
            if (!is_on(swap, number, name, block))
                continue;
            check.add(UseKind::kSwap, block, "the host swaps to it",
                      swap.kind == Swap::SwapKind::kFile
                          ? fmt::format("{} on {}", swap.path, block_text(block))
                          : block_text(block));
        }
    }
}

void find_holders(const Root& root, UsageCheck& check) {
    const auto& blocks = check.subtree.blocks;
    for (const auto& block : blocks) {
        // bcache_device_link() makes holder links once a disk uses the cache; the cache's own
        // directory is there from its registration on.
        if (base::Dir::open(block.dir + "/bcache"))
            check.add(UseKind::kHolder, block, "it is a member of something bigger",
                      block_text(block) + " is registered with bcache");
        if (is_external_journal(root, block.name))
            check.add(UseKind::kHolder, block, "a mounted file system keeps its journal on it",
                      block_text(block));
        const bool on_a_holder =
            std::any_of(blocks.begin(), blocks.end(), [&block](const Block& each) {
                return !each.below.empty() && each.name == block.below;
            });
        if (block.below.empty() || on_a_holder || block.disk != block.name)
            continue;
        check.add(UseKind::kHolder, block,
                  block.is_claimless ? "the kernel has it open without a claim"
                                     : "it is a member of something bigger",
                  fmt::format("{} holds {}{}", block.text(), block.below,
                              block.is_claimless ? mount_text(check, block) : ""));
    }
}

const Block* block_of_mount(const Root& root, const Mount& mount,
                            const std::vector<Block>& blocks) {
    for (const auto& block : blocks) {
        if (block.number == mount.number)
            return &block;
    }
    for (const char* fs : kPools) {
        for (const auto& uuid : base::list_directory(root.path(std::string("/sys/fs/") + fs))) {
            const auto members = pool_members(root, fs, uuid);
            const auto block = std::find_if(blocks.begin(), blocks.end(), [&](const Block& each) {
                return members.contains(each.name);
            });
            if (block != blocks.end() && is_mount_of(root, mount, fs, members))
                return &*block;
        }
    }
    return nullptr;
}

void report_mount(NodeNumber number, const std::string& text, std::string evidence,
                  LazyEssentialStorage& essential, UsageCheck& check) {
    if (essential.get().numbers.contains(number))
        check.add_essential(UseKind::kMounted, text, std::move(evidence));
    else
        check.add(UseKind::kMounted, text, std::move(evidence));
}

bool has_flash(const UsageCheck& check) {
    return std::any_of(check.subtree.nodes.begin(), check.subtree.nodes.end(),
                       [](const auto& entry) { return entry.second.subsystem == kMtd; });
}

// Each MTD has two nodes (mtd_devtype). A mount of one has the number of its block device, which
// needs not be there (mtd_get_sb()).
void find_flash_uses(const Root& root, const MountTable& mounts, LazyEssentialStorage& essential,
                     UsageCheck& check) {
    constexpr unsigned kMtdBlockMajor = 31;
    const std::string ubis = root.path("/sys/class/ubi");
    for (const auto& [number, node] : check.subtree.nodes) {
        if (node.subsystem != kMtd)
            continue;
        const unsigned index = number.minor / 2;
        const NodeNumber block{NodeKind::kBlock, kMtdBlockMajor, index};
        if (mounts.mounts.contains(block))
            report_mount(block, "a file system on it is mounted",
                         fmt::format("mtd{} on {}", index, mounts.places_text(block)), essential,
                         check);
        for (const auto& name : base::list_directory(ubis))
            if (base::read_file(fmt::format("{}/{}/mtd_num", ubis, name)).value_or("") ==
                fmt::format("{}\n", index))
                check.add(UseKind::kHolder, "its flash memory is attached to UBI",
                          fmt::format("{} on mtd{}", name, index));
    }
}

}  // namespace sysfs
