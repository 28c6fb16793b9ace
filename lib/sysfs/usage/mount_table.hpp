// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sysfs/host/root.hpp"
#include "sysfs/usage/device_subtree.hpp"

namespace sysfs {

/// One mounted file system at one place.
struct Mount {
    NodeNumber number;  ///< st_dev of the files in it; anonymous (major 0) for btrfs, zfs, overlays
    std::string source;  ///< "/dev/nvme0n1p2", "tank/home"
    std::string target;
    std::string type;
    std::string
        where;  ///< empty: our mount namespace; else "the mount namespace of postgres (pid 712)"
};

/// One swap area: a block device, or a file on a file system.
struct Swap {
    std::string path;
    enum class SwapKind { kDevice, kFile } kind = SwapKind::kDevice;
};

/// The mounts of all mount namespaces, our own first; each mount point of a file system once. Both
/// functions fail where libmount is not installed.
[[nodiscard]] base::Result<std::vector<Mount>> read_mounts(const Root& root);
[[nodiscard]] base::Result<std::vector<Swap>> read_swaps(const Root& root);

}  // namespace sysfs
