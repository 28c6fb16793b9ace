// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
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

}  // namespace vfio
