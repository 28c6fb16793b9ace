// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sysfs/host/root.hpp"
#include "sysfs/net/net_tables.hpp"

namespace sysfs {

/// The network of a captured host: interfaces, masters and lower interfaces from /sys/class/net,
/// routes, addresses and other users from /proc/net.
[[nodiscard]] NetTables read_captured_net(const Root& root);

}  // namespace sysfs
