// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// The machine itself.
struct Host {
    std::string arch;        ///< as `uname -m`
    std::string kernel;      ///< as `uname -r`
    std::string machine_id;  ///< 32 hex digits, or empty
    bool iommu = false;      ///< /sys/class/iommu has an entry, or some group is no noiommu one
    bool noiommu = false;    ///< vfio's enable_unsafe_noiommu_mode
    std::map<std::string, std::uint32_t> users =
        {};  ///< ids of those that ScanOptions names and that exist
    std::map<std::string, std::uint32_t> groups = {};
    std::string online_nodes = {};  ///< NUMA nodes as the kernel lists them, "0-1,4"; or empty
};

/// Reads the host's facts. `iommu` is set from /sys/class/iommu; groups may set it as well.
[[nodiscard]] Host read_host(const Root& root);
/// As `uname -r`, of this machine or of a captured one; empty when the capture lacks it.
[[nodiscard]] std::string kernel_release(const Root& root);

}  // namespace sysfs
