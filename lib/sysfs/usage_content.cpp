// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <optional>
#include <set>

#include "sysfs/disk_content.hpp"
#include "sysfs/text_file.hpp"
#include "sysfs/usage_evidence.hpp"

namespace sysfs {
namespace {

/// The disk of the device with all its partitions.
std::vector<const Block*> parts_of(const Footprint& footprint, const std::string& disk) {
    std::vector<const Block*> parts;
    for (const auto& block : footprint.blocks) {
        if (block.below.empty() && block.disk == disk)
            parts.push_back(&block);
    }
    return parts;
}

std::set<std::string> disks_of(const Footprint& footprint) {
    std::set<std::string> disks;
    for (const auto& block : footprint.blocks) {
        if (block.below.empty())
            disks.insert(block.disk);
    }
    return disks;
}

/// The name says it all for zfs: its label is the pool's, and an imported pool has its place in
/// /proc.
std::string member_text(const Root& root, const Block& block, const DiskContent& content) {
    const bool imported =
        content.type == "zfs_member" && !content.label.empty() &&
        !list_directory(root.path("/proc/spl/kstat/zfs/" + content.label)).empty();
    return fmt::format("{} is {}{}", block.name, content.text(),
                       imported ? " of an imported pool" : "");
}

void find_on_disk(const Root& root, const std::string& disk, Suspect& suspect) {
    std::string found;
    for (const Block* block : parts_of(suspect.footprint, disk)) {
        const auto content = read_content(root, *block);
        if (!content)
            continue;
        if (content->kind == DiskContent::Kind::kMember) {
            suspect.add(UseKind::kHolder, "it is a member of something bigger",
                        member_text(root, *block, *content));
            continue;
        }
        found += found.empty() ? "" : ", ";
        found += fmt::format("{}: {}", block->name, content->text());
    }
    if (!found.empty())
        suspect.add(UseKind::kSignature, "there is something on it that nobody has mounted", found);
}

/// Some users of a disk leave no trace in sysfs (drbd, zfs, an external journal): the claim
/// remains.
bool find_claim(const Root& root, const std::string& disk, Suspect& suspect) {
    const Block* claimed = nullptr;
    for (const Block* block : parts_of(suspect.footprint, disk)) {
        if (is_claimed(root, *block))
            claimed = block;  // the partitions come last: they say more than the disk
    }
    if (claimed == nullptr)
        return false;
    const auto content = read_content(root, *claimed);
    suspect.add(UseKind::kHolder, "it is a member of something bigger",
                fmt::format("{}{} is claimed for exclusive use", claimed->name,
                            content ? " (" + content->text() + ")" : ""));
    return true;
}

}  // namespace

void find_contents(const Root& root, Suspect& suspect) {
    for (const auto& disk : disks_of(suspect.footprint)) {
        if (!suspect.told.contains(disk) && !find_claim(root, disk, suspect))
            find_on_disk(root, disk, suspect);
    }
}

}  // namespace sysfs
