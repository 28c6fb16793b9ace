// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "sysfs/net/net_tables.hpp"

namespace sysfs {

/// Adds the users of interfaces that are no interfaces themselves to `tables`, or to its `unknown`.
/// Packet sockets, CAN receivers and PPPoE sessions, by the files in `dir`
/// ("/proc/thread-self/net").
void read_link_users(const std::string& dir, NetTables& tables);
/// Interfaces that tc redirects or mirrors to, and AF_XDP sockets: of the network namespace that
/// the calling thread is in.
void read_redirections(NetTables& tables);
/// Interfaces that tc has filters on.
void read_filters(NetTables& tables);
void read_xdp_sockets(NetTables& tables);

}  // namespace sysfs
