// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sysfs/host/root.hpp"
#include "sysfs/usage/kernel_users.hpp"
#include "sysfs/usage/mount_table.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Finds out which nodes and file systems they have open.
void locate_kernel_users(const Root& root, const MountTable& mounts, KernelUsers& users);

/// Adds the exporters of the device's disks as uses, and what the others made of them to the
/// blocks of its subtree, with everything stacked on it. Call before find_mounts().
void find_kernel_users(const Root& root, const MountTable& mounts, const KernelUsers& users,
                       UsageCheck& check);

}  // namespace sysfs
