// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sysfs/net/net_tables.hpp"
#include "sysfs/usage/net_namespaces.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Names the processes that have the sockets among the users of the devices' interfaces.
void name_socket_owners(const Root& root, std::span<const RunningProgram> programs,
                        std::span<const UsageCheck> checks, NetTables& tables);
/// Adds the default routes, addresses and dependent interfaces of a device's network interfaces.
void find_net(const NetTables& tables, UsageCheck& check);
/// The same for interfaces of the device that are in another network namespace, and for those
/// there that are made on one of ours.
void find_other_namespace_net(const NetTables& ours, const OtherNetNamespace& net,
                              UsageCheck& check);
/// Adds the interfaces of the device that no namespace had.
void find_hidden_nets(UsageCheck& check);
/// Does traffic of interface `link` go through the device?
[[nodiscard]] bool passes_through(const NetTables& tables, const UsageCheck& check, int link);

}  // namespace sysfs
