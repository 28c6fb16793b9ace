// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/usage_kernel.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/path.hpp"
#include "base/unique_fd.hpp"
#include "sysfs/usage/block_stack.hpp"
#include "sysfs/usage/usage_block.hpp"

namespace sysfs {
namespace {

/// File systems whose server may not answer: their files are on no disk of this host, and are left
/// alone.
constexpr std::string_view kRemote[] = {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "fuse"};

bool is_remote(const Mount* mount) {
    return mount != nullptr &&
           std::any_of(std::begin(kRemote), std::end(kRemote), [mount](std::string_view type) {
               return mount->type == type || mount->type.starts_with(std::string(type) + ".");
           });
}

NodeNumber to_block_number(dev_t number) {
    return {NodeKind::kBlock, ::major(number), ::minor(number)};
}

/// The kernel's own answer for a loop device: its path may be of another mount namespace.
bool ask_loop_device(KernelUser& user) {
    const base::UniqueFd file(
        ::open(("/dev/" + user.disk).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    loop_info64 info{};
    if (!user.disk.starts_with("loop") || !file.valid() ||
        ::ioctl(file.get(), LOOP_GET_STATUS64, &info) != 0)
        return false;
    if (info.lo_rdevice != 0)
        user.node = to_block_number(info.lo_rdevice);
    else
        user.file_system = to_block_number(info.lo_device);
    return true;
}

bool ask_path(KernelUser& user) {
    struct statx status {};
    if (::statx(AT_FDCWD, user.path.c_str(), AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
                STATX_TYPE | STATX_INO, &status) != 0)
        return false;
    if (S_ISBLK(status.stx_mode) || S_ISCHR(status.stx_mode))
        user.node = {S_ISBLK(status.stx_mode) ? NodeKind::kBlock : NodeKind::kChar,
                     status.stx_rdev_major, status.stx_rdev_minor};
    else
        user.file_system = {NodeKind::kBlock, status.stx_dev_major, status.stx_dev_minor};
    return true;
}

/// On a captured host, which has names only: a node's, or the one that a link leads to.
bool is_named(const Root& root, const KernelUser& user, const std::string& name) {
    if (root.is_live() || name.empty() || !user.path.starts_with("/dev/"))
        return false;
    const auto target = base::read_link(root.path(user.path));
    return base::base_name(target.value_or(user.path)) == name ||
           find_block(root, user.path) == name;
}

/// The block device of the subtree that `user` has open, or that has its file.
const Block* block_below(const Root& root, const MountTable& mounts, const KernelUser& user,
                         const DeviceSubtree& subtree) {
    for (const Block& block : subtree.blocks) {
        if (user.node == block.number || user.file_system == block.number ||
            is_named(root, user, block.name) || is_named(root, user, block.label))
            return &block;
    }
    // Without a number, and for a file of btrfs, which has the number of its subvolume, its mount
    // tells.
    const bool has_number = user.node || (user.file_system && user.file_system->major != 0);
    const Mount* mount = has_number ? nullptr : mounts.mount_of(user.path);
    return mount == nullptr ? nullptr : block_of_mount(root, *mount, subtree.blocks);
}

/// The part of the device that an exporter serves: "nvme0n1", "/srv/disk.img on nvme0n1p2", or a
/// controller, "nvme0"; nothing when it serves none of it.
std::string served_by(const Root& root, const MountTable& mounts, const KernelUser& user,
                      UsageCheck& check) {
    for (const auto& [number, node] : check.subtree.nodes) {
        if (number.kind == NodeKind::kChar &&
            (user.node == number || is_named(root, user, node.name)))
            return node.name;
    }
    const Block* block = block_below(root, mounts, user, check.subtree);
    if (block == nullptr)
        return {};
    check.note_reported(*block);
    const bool is_file = !user.node && !user.path.starts_with("/dev/");
    return is_file ? fmt::format("{} on {}", user.path, block->text()) : block->text();
}

}  // namespace

void locate_kernel_users(const Root& root, const MountTable& mounts, KernelUsers& users) {
    if (!root.is_live())
        return;
    for (auto& user : users.users) {
        if (user.node || is_remote(mounts.mount_of(user.path)) || ask_loop_device(user) ||
            ask_path(user))
            continue;
        users.unknown.push_back(
            fmt::format("{} has {} open, which cannot be found here", user.text, user.path));
    }
}

void find_kernel_users(const Root& root, const MountTable& mounts, const KernelUsers& users,
                       UsageCheck& check) {
    auto& subtree = check.subtree;
    // What stands on a loop device may have the file of another.
    std::size_t known = 0;
    do {
        known = subtree.blocks.size();
        for (const auto& user : users.users) {
            const Block* below = block_below(root, mounts, user, subtree);
            if (below != nullptr && !user.disk.empty())
                add_claimless(root, user.disk, std::string(below->name), user.path, subtree.blocks);
        }
    } while (subtree.blocks.size() != known);
    for (const auto& block : subtree.blocks)
        subtree.nodes.emplace(block.number, DeviceNode{block.name, "block"});
    for (const auto& user : users.users) {
        const bool is_stacked =
            std::any_of(subtree.blocks.begin(), subtree.blocks.end(),
                        [&user](const Block& block) { return block.name == user.disk; });
        const std::string served = is_stacked ? "" : served_by(root, mounts, user, check);
        if (!served.empty())
            check.add(UseKind::kHolder, user.use,
                      fmt::format("{} {} {}", user.text, user.verb, served));
    }
    for (const auto& unread : users.unknown)
        check.add(UseKind::kUnknown, "what the kernel has open is not all known", unread);
}

}  // namespace sysfs
