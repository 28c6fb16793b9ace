// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/disk_content.hpp"

#include <blkid/blkid.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <map>
#include <memory>
#include <string_view>

#include "base/try.hpp"
#include "base/unique_fd.hpp"
#include "sysfs/device/udev_db.hpp"

namespace sysfs {
namespace {

struct FreeProbe {
    void operator()(blkid_struct_probe* probe) const { blkid_free_probe(probe); }
};
using Probe = std::unique_ptr<blkid_struct_probe, FreeProbe>;

// udev and the kernel spell "cciss!c0d0" where the node is "cciss/c0d0".
std::string node_path(const Block& block) {
    std::string name = block.name;
    for (auto at = name.find('!'); at != std::string::npos; at = name.find('!'))
        name[at] = '/';
    return "/dev/" + name;
}

/// Opens the node only if its number is that of `block`: names in /dev are assigned by udev.
base::Result<base::UniqueFd> open_block(const Block& block, int flags) {
    const std::string path = node_path(block);
    base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags));
    struct stat status {};
    if (!file.valid() || ::fstat(file.get(), &status) != 0)
        return base::fail_errno(errno, "open", path);
    if (!S_ISBLK(status.st_mode) || ::major(status.st_rdev) != block.number.major ||
        ::minor(status.st_rdev) != block.number.minor)
        return base::fail(base::Code::kNotFound, "open", path, "it is another device");
    return file;
}

std::string value_of(const Probe& probe, const char* key) {
    const char* value = nullptr;
    return blkid_probe_lookup_value(probe.get(), key, &value, nullptr) == 0 ? value : "";
}

DiskContent content_of(std::string type, const std::string& usage, std::string table,
                       std::string label) {
    const bool member = usage == "raid" || type.ends_with("_member");
    return {.kind = member ? DiskContent::ContentKind::kMember : DiskContent::ContentKind::kPlain,
            .type = type.empty() ? std::move(table) + " partition table" : std::move(type),
            .label = std::move(label)};
}

base::Result<std::optional<DiskContent>> probe_content(const Block& block) {
    const base::UniqueFd file = TRY(open_block(block, 0));
    const Probe probe(blkid_new_probe());
    errno = 0;
    if (!probe || blkid_probe_set_device(probe.get(), file.get(), 0, 0) != 0)
        return base::fail_errno(errno != 0 ? errno : EIO, "probe", node_path(block));
    blkid_probe_enable_superblocks(probe.get(), 1);
    blkid_probe_set_superblocks_flags(probe.get(),
                                      BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_LABEL);
    blkid_probe_enable_partitions(probe.get(), 1);
    // 0: found, 1: nothing, -2: more than one, -1: the disk cannot be read.
    constexpr int kAmbivalent = -2;
    const int outcome = blkid_do_safeprobe(probe.get());
    if (outcome == kAmbivalent)
        return DiskContent{.kind = DiskContent::ContentKind::kPlain,
                           .type = "more than one signature",
                           .label = {}};
    if (outcome == 1)
        return std::nullopt;
    if (outcome != 0)
        return base::fail_errno(EIO, "probe", node_path(block));
    std::string type = value_of(probe, "TYPE");
    std::string table = value_of(probe, "PTTYPE");
    if (type.empty() && table.empty())
        return std::nullopt;
    return content_of(std::move(type), value_of(probe, "USAGE"), std::move(table),
                      value_of(probe, "LABEL"));
}

/// A drive without a medium has no content.
bool has_no_medium(const base::Error& error) {
    return error.errnum == ENOMEDIUM;
}

std::optional<DiskContent> recorded_content(const Block& block,
                                            std::map<std::string, std::string> record) {
    // A partition's record has its disk's table too; its own is in ID_PART_ENTRY_*.
    if (block.disk != block.name)
        record.erase("ID_PART_TABLE_TYPE");
    if (record["ID_FS_TYPE"].empty() && record["ID_PART_TABLE_TYPE"].empty())
        return std::nullopt;
    return content_of(record["ID_FS_TYPE"], record["ID_FS_USAGE"], record["ID_PART_TABLE_TYPE"],
                      record["ID_FS_LABEL"]);
}

}  // namespace

std::string DiskContent::text() const {
    return label.empty() ? type : fmt::format("{} \"{}\"", type, label);
}

base::Result<std::optional<DiskContent>> read_content(const Root& root, const Block& block) {
    base::Result<std::optional<DiskContent>> probed = std::nullopt;
    if (root.is_live()) {
        probed = probe_content(block);
        if (probed)
            return probed;
        if (has_no_medium(probed.error()))
            return std::nullopt;
    }
    const auto record =
        TRY(read_udev_record(root, fmt::format("b{}:{}", block.number.major, block.number.minor)));
    return record.empty() ? probed : recorded_content(block, record);
}

// O_EXCL without O_CREAT on a block device returns EBUSY when the kernel or a program has claimed
// it, or one of its partitions (bd_may_claim()). Nothing is written; closing the descriptor ends
// the claim.
base::Result<bool> is_claimed(const Root& root, const Block& block) {
    if (!root.is_live())
        return false;
    const auto opened = open_block(block, O_EXCL);
    if (opened || has_no_medium(opened.error()))
        return false;
    if (opened.error().errnum == EBUSY)
        return true;
    return base::propagate(opened);
}

}  // namespace sysfs
