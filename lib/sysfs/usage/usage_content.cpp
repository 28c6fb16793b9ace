// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/usage_content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/path.hpp"
#include "sysfs/usage/disk_content.hpp"

namespace sysfs {
namespace {

constexpr const char* kUnknownContent = "it is unknown what is on it";

/// The disk of the device with all its partitions.
std::vector<const Block*> disk_and_partitions(const DeviceSubtree& subtree,
                                              const std::string& disk) {
    std::vector<const Block*> parts;
    for (const auto& block : subtree.blocks) {
        if (block.below.empty() && block.disk == disk)
            parts.push_back(&block);
    }
    return parts;
}

std::set<std::string> list_disks(const DeviceSubtree& subtree) {
    std::set<std::string> disks;
    for (const auto& block : subtree.blocks) {
        if (block.below.empty())
            disks.insert(block.disk);
    }
    return disks;
}

/// For zfs the label is the pool's name, and an imported pool has a directory in /proc.
std::string member_text(const Root& root, const Block& block, const DiskContent& content) {
    const bool imported =
        content.type == "zfs_member" && !content.label.empty() &&
        !base::list_directory(root.path("/proc/spl/kstat/zfs/" + content.label)).empty();
    return fmt::format("{} is {}{}", block.name, content.text(),
                       imported ? " of an imported pool" : "");
}

bool holds_essential_pool(const DiskContent& content, const UsageCheck& check) {
    return content.type == "zfs_member" && check.essential_storage->contains_pool(content.label);
}

void add_member(const Root& root, const Block& block, const DiskContent& content,
                UsageCheck& check) {
    const std::string text = "it is a member of something bigger";
    if (holds_essential_pool(content, check))
        check.add_essential(UseKind::kHolder, text, member_text(root, block, content));
    else
        check.add(UseKind::kHolder, text, member_text(root, block, content));
}

/// The contents of `parts`. A member of something bigger is in use whatever else the disk has;
/// other contents are reported where nothing else is.
void find_on_parts(const Root& root, const std::vector<const Block*>& parts, bool is_used,
                   UsageCheck& check) {
    std::string found;
    for (const Block* block : parts) {
        const auto content = read_content(root, *block);
        if (!content)
            check.add(UseKind::kUnknown, kUnknownContent, content.error().text());
        if (!content || !*content)
            continue;
        if ((*content)->kind == DiskContent::ContentKind::kMember)
            add_member(root, *block, **content, check);
        else if (!is_used)
            found +=
                fmt::format("{}{}: {}", found.empty() ? "" : ", ", block->name, (*content)->text());
    }
    if (!found.empty())
        check.add(UseKind::kSignature, "there is something on it that nobody has mounted", found);
}

void add_claim(const Root& root, const Block& claimed, UsageCheck& check) {
    const auto content = read_content(root, claimed).value_or(std::nullopt);
    const std::string text = "it is a member of something bigger";
    std::string evidence = fmt::format("{}{} is claimed for exclusive use", claimed.name,
                                       content ? " (" + content->text() + ")" : "");
    const EssentialStorage& essential = *check.essential_storage;
    const bool may_be_layer =
        essential.has_hidden_layer && content && content->kind == DiskContent::ContentKind::kPlain;
    if (essential.contains(claimed) || may_be_layer ||
        (content && holds_essential_pool(*content, check)))
        check.add_essential(UseKind::kHolder, text, std::move(evidence));
    else
        check.add(UseKind::kHolder, text, std::move(evidence));
}

/// Takes the claimed ones out of `parts`. Some users of a disk have no entry in sysfs (drbd, zfs,
/// an external journal), but their claim can be detected. The claim of a partition is seen on the
/// whole disk too (bd_prepare_to_claim()), and that of a disk leaves nothing to its partitions.
bool find_claims(const Root& root, const std::string& disk, std::vector<const Block*>& parts,
                 UsageCheck& check) {
    std::vector<const Block*> claimed;
    for (const Block* block : parts) {
        const auto is_block_claimed = is_claimed(root, *block);
        if (!is_block_claimed)
            check.add(UseKind::kUnknown, kUnknownContent, is_block_claimed.error().text());
        else if (*is_block_claimed)
            claimed.push_back(block);
    }
    if (claimed.empty())
        return false;
    if (claimed.size() > 1)
        std::erase_if(claimed, [&](const Block* block) { return block->name == disk; });
    for (const Block* block : claimed)
        add_claim(root, *block, check);
    const bool has_whole = claimed.front()->name == disk;
    std::erase_if(parts, [&](const Block* block) {
        return has_whole || std::find(claimed.begin(), claimed.end(), block) != claimed.end();
    });
    return true;
}

/// A use of one partition says nothing of the others.
void find_on_disk(const Root& root, const std::string& disk, UsageCheck& check) {
    if (check.reported_blocks.contains(disk))
        return;
    std::vector<const Block*> parts = disk_and_partitions(check.subtree, disk);
    const std::size_t all = parts.size();
    std::erase_if(parts,
                  [&](const Block* block) { return check.reported_blocks.contains(block->name); });
    bool is_used = parts.size() != all;
    if (is_used)
        std::erase_if(parts, [&](const Block* block) { return block->name == disk; });
    is_used = find_claims(root, disk, parts, check) || is_used;
    find_on_parts(root, parts, is_used, check);
}

}  // namespace

void find_contents(const Root& root, UsageCheck& check) {
    for (const auto& disk : list_disks(check.subtree))
        find_on_disk(root, disk, check);
    // A pool may also stand on LUKS or LVM, or beside a partition that has another use.
    const EssentialStorage& essential = *check.essential_storage;
    if (essential.zfs_pools.empty() && !essential.may_be_any_zfs_pool)
        return;
    for (const auto& block : check.subtree.blocks) {
        const auto content = read_content(root, block).value_or(std::nullopt);
        if (content && holds_essential_pool(*content, check))
            add_member(root, block, *content, check);
    }
}

}  // namespace sysfs
