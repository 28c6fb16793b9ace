// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "sysfs/device/group.hpp"
#include "sysfs/host/root.hpp"

namespace vfio {

/// The devices that keep an IOMMU group from being viable: its members on drivers that do DMA, as
/// sysfs shows them now. The kernel only reports that a group is not viable; with iommufd behind
/// it, only once a device is opened (group.c:345). Empty for a viable group and for one that does
/// not exist.
[[nodiscard]] std::vector<sysfs::Blocker> find_group_blockers(const sysfs::Root& root,
                                                              const std::string& group);

/// "0000:01:00.1 (snd_hda_intel), ..." or nothing.
[[nodiscard]] std::string text(const std::vector<sysfs::Blocker>& blockers);

/// A process that has a VFIO node or device open, or that maps a BAR of it still.
struct Holder {
    enum class Hold { kOpen, kMapped };
    int pid = 0;
    std::string command;
    Hold hold = Hold::kOpen;

    auto operator<=>(const Holder&) const = default;
};

/// The processes that have `node` ("/dev/vfio/15") open, by the links of /proc/*/fd, or that map it
/// (/proc/*/maps): a mapping keeps the file open after its descriptor was closed. Only those that
/// this process may read. It reads all of /proc, so it serves error messages, not decisions.
[[nodiscard]] std::vector<Holder> find_node_holders(const sysfs::Root& root, std::string_view node);

/// What a device that was opened through its group is in /proc: which device it is cannot be seen.
inline constexpr std::string_view kDeviceOfSomeGroup = "anon_inode:[vfio-device]";

/// "held by qemu (pid 712); mapped by spdk (pid 9), which has closed it", or nothing for an empty
/// list.
[[nodiscard]] std::string text(const std::vector<Holder>& holders);

}  // namespace vfio
