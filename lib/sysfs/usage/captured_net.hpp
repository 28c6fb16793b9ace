// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sysfs/host/root.hpp"
#include "sysfs/usage/net_tables.hpp"

namespace sysfs {

/// The network of a captured host: interfaces, masters and lower interfaces from /sys/class/net,
/// default routes from /proc/net/route and /proc/net/ipv6_route.
[[nodiscard]] NetTables read_captured_net(const Root& root);

}  // namespace sysfs
