// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "sysfs/host/root.hpp"
#include "sysfs/net/net_tables.hpp"

namespace sysfs {

/// Adds the default routes and the addresses of a captured host, from /proc/net. Of IPv4 these are
/// the networks of the main table: no table of /proc names the interface of an address.
void read_captured_routes(const Root& root, NetTables& tables);

/// The interface that packets to `peer` leave through, by the routes in /proc/net of a captured
/// host; 0: unknown.
[[nodiscard]] int captured_route_to(const Root& root, const NetTables& tables,
                                    const std::string& peer);

}  // namespace sysfs
