// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>

#include "sysfs/host/root.hpp"
#include "sysfs/net/net_tables.hpp"
#include "sysfs/usage/essential_storage.hpp"
#include "sysfs/usage/mount_table.hpp"
#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// May the device be a virtio one that the hypervisor's files come through?
[[nodiscard]] bool has_virtio(const UsageCheck& check);

/// Has the host an adapter of Fibre Channel? Storage may go through it that is not below it.
[[nodiscard]] bool has_fibre_channel(const Root& root);

/// Adds the mounted file systems (9p, virtiofs) whose virtio device is part of the device.
void find_virtio_mounts(const Root& root, const MountTable& mounts, LazyEssentialStorage& essential,
                        UsageCheck& check);

/// Adds the host's storage on other machines (NFS, SMB, Ceph, iSCSI, NVMe over fabrics, AoE,
/// FCoE) to each device that it goes through.
void find_storage_sessions(const Root& root, const NetTables& tables, const MountTable& mounts,
                           LazyEssentialStorage& essential, std::span<UsageCheck> checks);

/// Adds the tunnels of L2TP that leave through the interfaces of the devices.
void find_tunnels(const Root& root, const NetTables& tables, std::span<UsageCheck> checks);

}  // namespace sysfs
