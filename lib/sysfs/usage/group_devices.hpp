// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <string>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// The directories (with the root, links resolved) of devices that several others make up and that
/// are below none of them: a ccwgroup device over three channels (qeth, lcs, ctcm) is below
/// /sys/devices/qeth, with the network interface. `dir` is a subchannel's or a channel's directory.
[[nodiscard]] std::set<std::string> group_device_dirs(const Root& root, const std::string& dir);

}  // namespace sysfs
