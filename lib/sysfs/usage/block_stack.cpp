// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/block_stack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/dir.hpp"
#include "base/path.hpp"

namespace sysfs {
namespace {

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

std::string find_block(const Root& root, const std::string& source) {
    if (!source.starts_with("/dev/"))
        return {};
    const std::string name = base::base_name(source);
    const std::string dir = root.path("/sys/class/block/");
    if (base::Dir::open(dir + name))
        return name;
    for (const std::string& each : base::list_directory(dir)) {
        const auto block = base::Dir::open(dir + each);
        if (block && block->attr("dm/name") == name)
            return each;
    }
    return {};
}

std::set<std::string> pool_members(const Root& root, const std::string& fs,
                                   const std::string& uuid) {
    const std::string dir = root.path("/sys/fs/" + fs + "/" + uuid);
    std::set<std::string> members;
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
