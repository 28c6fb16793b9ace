// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>
#include <cstdint>

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sysfs/host/root.hpp"
#include "sysfs/usage/device_subtree.hpp"
#include "sysfs/usage/mount_line.hpp"
#include "sysfs/usage/process.hpp"

namespace sysfs {

/// One mounted file system at one place.
struct Mount {
    NodeNumber number;   ///< st_dev of the files in it; anonymous (major 0) for btrfs, NFS, ...
    std::string source;  ///< "/dev/nvme0n1p2"
    std::string target;
    std::string type;
    std::string
        where;  ///< empty: our mount namespace; else "the mount namespace of postgres (pid 712)"
    std::optional<RemoteSource> remote = std::nullopt;  ///< for files that are on no disk of ours
};

/// The mounts of all mount namespaces whose files are on block devices or remote; each mount point
/// of a file system once.
struct MountTable {
    static constexpr std::size_t kMaxPlaces = 16;

    /// At most kMaxPlaces for each file system: our own namespace first, short mount points first.
    std::map<NodeNumber, std::vector<Mount>> mounts;
    std::map<NodeNumber, std::size_t> omitted;  ///< how many more mount points there are
    /// The mounts of our own namespace on the way to the files that read_mounts() was asked about,
    /// of every type, by mount point; of several at one place the last, which covers the others.
    std::map<std::string, Mount> on_the_way;
    /// Where network namespaces are mounted; in other mount namespaces by way of a process there.
    std::vector<std::string> net_namespaces;
    /// Disks that a file system on another one names: XFS' log and its realtime device, with the
    /// mount ("xfs on /data").
    std::map<std::string, std::string> side_devices;
    std::vector<std::string> unknown;  ///< "the mount namespace of x (pid 7): Permission denied"

    /// The mount of our own namespace that has `path`, as far as on_the_way tells.
    [[nodiscard]] const Mount* mount_of(const std::string& path) const;
    /// "/, /home and 3 more"; a mount point in another mount namespace is followed by its name.
    [[nodiscard]] std::string places_text(NodeNumber number) const;
};

/// One swap area: a block device, or a file on a file system.
struct Swap {
    std::string path;
    enum class SwapKind { kDevice, kFile } kind = SwapKind::kDevice;
};

/// Reads every mount namespace once. `files` are those whose mounts are to be found.
[[nodiscard]] MountTable read_mounts(const Root& root, const std::set<std::string>& files,
                                     std::span<const RunningProgram> programs);
/// The swap areas in use; a kernel without swap has none.
[[nodiscard]] base::Result<std::vector<Swap>> read_swaps(const Root& root);

}  // namespace sysfs
