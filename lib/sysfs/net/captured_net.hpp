// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sysfs/host/root.hpp"
#include "sysfs/net/net_tables.hpp"

namespace sysfs {

/// The network of a captured host: interfaces, masters and lower interfaces from /sys/class/net,
/// default routes from /proc/net/route and /proc/net/ipv6_route.
[[nodiscard]] NetTables read_captured_net(const Root& root);

/// The interface that packets to `peer` leave through: of IPv4 by the longest prefix in
/// /proc/net/route, of IPv6 by a default route; 0: unknown.
[[nodiscard]] int captured_route_to(const Root& root, const NetTables& tables,
                                    const std::string& peer);

}  // namespace sysfs
