// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// Directories, with the root, of devices that lose their drivers with the one in `dir` although
/// they are not below it: consumers of a managed device link
/// (device_links_unbind_consumers()), and the memory regions of a CXL memory device.
[[nodiscard]] std::vector<std::string> dependent_devices(const Root& root, const std::string& dir);

/// Nodes of a driver that sysfs puts below none of its devices: each name with its number,
/// "244:0", which is empty on a captured host that does not have it. Any of them may be the
/// device's.
[[nodiscard]] std::map<std::string, std::string> parentless_nodes(const Root& root,
                                                                  const Device& device);

}  // namespace sysfs
