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
    /// A member belongs to an array, a volume group or a pool.
    enum class ContentKind { kPlain, kMember } kind = ContentKind::kPlain;
    std::string type;   ///< "ext4", "LVM2_member", "gpt", "more than one signature"
    std::string label;  ///< of the file system, or the pool's name; may be empty

    /// "ext4 \"home\""
    [[nodiscard]] std::string text() const;
};

/// Probes the device with libblkid; where that is impossible (a captured host, no root privileges)
/// uses what udev has recorded. Fails on this machine when udev has no record of it either.
[[nodiscard]] base::Result<std::optional<DiskContent>> read_content(const Root& root,
                                                                    const Block& block);

/// Is the device claimed for exclusive use (a mount, swap, an array, a pool)? mkfs makes the same
/// check. Fails when the device cannot be opened; a captured host claims nothing.
[[nodiscard]] base::Result<bool> is_claimed(const Root& root, const Block& block);

}  // namespace sysfs
