// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "sysfs/host/root.hpp"
#include "sysfs/usage/device_subtree.hpp"

namespace sysfs {

/// What is written on a block device: the kind of its superblock or partition table.
struct DiskContent {
    /// A member is no file system of its own: it belongs to an array, a volume group or a pool.
    enum class ContentKind { kPlain, kMember } kind = ContentKind::kPlain;
    std::string type;   ///< "ext4", "LVM2_member", "gpt", "more than one signature"
    std::string label;  ///< of the file system, or the pool's name; may be empty

    /// "ext4 \"home\""
    [[nodiscard]] std::string text() const;
};

/// Looks with libblkid at the device itself; where that is not possible (a captured host, no root
/// privileges) at what udev found there. Nothing found, or nowhere to look: nothing.
/// Fails where libblkid is not installed and udev found nothing.
[[nodiscard]] base::Result<std::optional<DiskContent>> read_content(const Root& root,
                                                                    const Block& block);

/// Does the kernel hold the device for someone's exclusive use (a mount, swap, an array, a pool)?
/// The same question every mkfs asks. False when it cannot be asked.
[[nodiscard]] bool is_claimed(const Root& root, const Block& block);

}  // namespace sysfs
