// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/block_stack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "base/path.hpp"
#include "sysfs/device/udev_db.hpp"

namespace sysfs {
namespace {

constexpr std::string_view kDev = "/dev/";

/// "cciss!c0d0p1" of "cciss/c0d0p1": a name in sysfs has no slash (kobject_set_name_vargs()).
std::string sysfs_name(std::string below_dev) {
    std::replace(below_dev.begin(), below_dev.end(), '/', '!');
    return below_dev;
}

/// "vg-my--log" of LVM's "vg/my-log"; a name of three parts is none.
std::string mapper_name(std::string_view below_dev) {
    std::string name;
    for (const char c : below_dev)
        name += c == '/' ? "-" : c == '-' ? "--" : std::string(1, c);
    return std::count(below_dev.begin(), below_dev.end(), '/') == 1 ? name : std::string();
}

bool is_known(const std::vector<Block>& blocks, const std::string& name) {
    return std::any_of(blocks.begin(), blocks.end(),
                       [&name](const Block& block) { return block.name == name; });
}

/// The name of the disk: of the parent directory for a partition.
std::string disk_of(const base::Dir& block, const std::string& dir) {
    std::string name = base::base_name(dir);
    if (!block.has("partition"))
        return name;
    // Below /sys/class/block the entry is a link; its target contains the disk.
    const std::string target = base::read_link(dir).value_or(dir);
    return base::base_name(base::directory_name(target));
}

bool add_one(const Root& root, const std::string& dir, const std::string& below,
             std::vector<Block>& blocks);

void add_holders(const Root& root, const base::Dir& block, const std::string& name,
                 std::vector<Block>& blocks) {
    const auto holders = block.entries("holders");
    if (!holders)
        return;
    for (const auto& holder : *holders)
        add_stacked(root, holder, name, blocks);
}

bool add_one(const Root& root, const std::string& dir, const std::string& below,
             std::vector<Block>& blocks) {
    const std::string name = base::base_name(dir);
    if (is_known(blocks, name))
        return false;
    const auto block = base::Dir::open(dir);
    if (!block)
        return false;
    const auto number = parse_node_number(NodeKind::kBlock, block->attr("dev").value_or(""));
    if (!number)
        return false;
    blocks.push_back({.name = name,
                      .label = block->attr("dm/name").value_or(""),
                      .dir = dir,
                      .disk = disk_of(*block, dir),
                      .below = below,
                      .number = *number});
    add_holders(root, *block, name, blocks);
    return true;
}

}  // namespace

void add_block(const Root& root, const std::string& dir, std::vector<Block>& blocks) {
    add_one(root, dir, {}, blocks);
}

void add_stacked(const Root& root, const std::string& name, const std::string& below,
                 std::vector<Block>& blocks) {
    const std::string dir = root.path("/sys/class/block/" + name);
    if (!add_one(root, dir, below, blocks))
        return;
    for (const auto& entry : base::list_directory(dir)) {
        const std::string inner = fmt::format("{}/{}", dir, entry);
        if (entry.starts_with(name) && base::Dir::open(inner))
            add_one(root, inner, below, blocks);
    }
}

// What a mount or swapon was given is often a link ("/dev/disk/by-id/...", "/dev/vg/log"), and an
// option of the mount keeps it so (logdev=). A capture has no links: there the volume manager's
// names tell, and what udev has recorded.
std::string find_block(const Root& root, const std::string& source) {
    if (!source.starts_with(kDev))
        return {};
    const std::string dir = root.path("/sys/class/block/");
    const std::string below_dev = source.substr(kDev.size());
    const auto link = base::read_link(root.path(source));
    for (const auto& name : {base::base_name(link.value_or("")), sysfs_name(below_dev)}) {
        if (!name.empty() && base::Dir::open(dir + name))
            return name;
    }
    const std::string mapped = mapper_name(below_dev);
    for (const std::string& each : base::list_directory(dir)) {
        const auto block = base::Dir::open(dir + each);
        const std::string mapping = block ? block->attr("dm/name").value_or("") : "";
        if (!mapping.empty() && (mapping == base::base_name(source) || mapping == mapped))
            return each;
        if (block && !root.is_live() &&
            udev_links(root, "b" + block->attr("dev").value_or("")).contains(below_dev))
            return each;
    }
    const std::string name = base::base_name(source);
    return base::Dir::open(dir + name) ? name : std::string();
}

namespace {

/// "Disk: 1 (zoned=0): 0x0000020000 - 0x000003ffff on /dev/sdb1", for each of more than one
/// (disk_map_seq_show(), since 6.10).
std::set<std::string> f2fs_members(const Root& root, const std::string& name) {
    std::set<std::string> members;
    std::istringstream lines(
        base::read_file(root.path("/proc/fs/f2fs/" + name + "/disk_map")).value_or(""));
    for (std::string line; std::getline(lines, line);) {
        constexpr std::string_view kOn = " on ";
        const auto at = line.rfind(kOn);
        if (line.starts_with("Disk") && at != std::string::npos)
            members.insert(find_block(root, line.substr(at + kOn.size())));
    }
    return members;
}

}  // namespace

std::set<std::string> pool_members(const Root& root, const std::string& fs,
                                   const std::string& uuid) {
    const std::string dir = root.path("/sys/fs/" + fs + "/" + uuid);
    std::set<std::string> members;
    if (fs == "f2fs")
        return f2fs_members(root, uuid);
    for (const auto& name : base::list_directory(dir + "/devices"))
        members.insert(name);
    for (const auto& name : base::list_directory(dir)) {
        if (const auto link = base::read_link(fmt::format("{}/{}/block", dir, name));
            name.starts_with("dev-") && link)
            members.insert(base::base_name(*link));
    }
    return members;
}

void add_claimless(const Root& root, const std::string& name, const std::string& below,
                   const std::string& path, std::vector<Block>& blocks) {
    if (is_known(blocks, name))
        return;
    const std::size_t at = blocks.size();
    add_stacked(root, name, below, blocks);
    if (at == blocks.size())
        return;
    blocks[at].is_claimless = true;
    if (!path.starts_with("/dev/"))
        blocks[at].label = path;
}

}  // namespace sysfs
