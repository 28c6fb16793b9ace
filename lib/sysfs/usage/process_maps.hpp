// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// One mapping of a file, from a line of /proc/PID/maps. `range` names its entry in map_files.
struct FileMapping {
    std::string_view range;  ///< "7ffff7fb6000-7ffff7fb7000"
    std::uint64_t size = 0;
    std::uint64_t offset = 0;  ///< of a mapping of physical memory: its address
    std::uint64_t inode = 0;
    std::string_view path;  ///< without " (deleted)"
};

/// Calls `visit` for each file that the process has mapped; the texts are valid during the call.
/// Memory is bounded, however many mappings there are. kNotFound or kGone: the process has ended.
[[nodiscard]] base::Result<void> read_mappings(
    const Root& root, pid_t pid, const std::function<void(const FileMapping&)>& visit);

}  // namespace sysfs
