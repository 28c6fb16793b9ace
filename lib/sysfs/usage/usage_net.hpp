// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sysfs/usage/net_namespaces.hpp"
#include "sysfs/usage/net_tables.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Adds the default routes, addresses and dependent interfaces of a device's network interfaces.
void find_net(const NetTables& tables, UsageCheck& check);
/// The same for interfaces of the device that are in another network namespace.
void find_other_namespace_net(const OtherNetNamespace& net, UsageCheck& check);
/// Does traffic of interface `link` go through the device?
[[nodiscard]] bool passes_through(const NetTables& tables, const UsageCheck& check, int link);

}  // namespace sysfs
