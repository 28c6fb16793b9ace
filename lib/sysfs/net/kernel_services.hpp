// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sysfs/host/root.hpp"
#include "sysfs/net/net_tables.hpp"

/// Parts of the kernel that use an interface of the first network namespace, and say so in sysfs
/// or configfs alone.
namespace sysfs {

/// Adds RDMA devices in software (rxe, siw) that are made on an interface.
void read_soft_rdma(const Root& root, NetTables& tables);
/// Adds the targets of netconsole.
void read_netconsole(const Root& root, NetTables& tables);

}  // namespace sysfs
