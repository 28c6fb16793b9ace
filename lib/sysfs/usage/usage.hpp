// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// The kinds of use of a device by the host. Each is a reason code of the interface.
enum class UseKind {
    kMounted,  ///< a file system on it is mounted, in some mount namespace
    kSwap,
    kHolder,          ///< a member of md, dm, zfs, btrfs, or behind a multipath head
    kVfioOpen,        ///< its VFIO group or cdev is open
    kDefaultRoute,    ///< a default route leaves through it (any table, any family)
    kAddressed,       ///< a netdev of it has a global address
    kEnslaved,        ///< a netdev of it is in a bond, team, bridge or bears a vlan, macvlan, ...
    kSession,         ///< the caller's own remote session comes through it
    kOpenFd,          ///< a process holds one of its nodes open
    kConsole,         ///< boot_vga with a framebuffer console, or an active DRM master
    kInput,           ///< the last keyboard hangs on it
    kVfsInUse,        ///< a PF with VFs enabled
    kFirmwareMemory,  ///< the firmware keeps memory for DMA in its IOMMU group
    kSignature,       ///< a disk with a partition table or file system that nobody has mounted
    kUnknown,         ///< what would tell whether it is used could not be read
};

/// The reason code: "mounted", "vfio-open".
[[nodiscard]] const char* use_kind_name(UseKind kind);

/// One use, with its evidence: "nvme0n1p2 on /home", "default via 10.0.0.1 dev eth0", "qemu (pid
/// 712)".
struct Use {
    UseKind kind;
    std::string text;
    std::string evidence;
    bool essential = false;  ///< the running system needs it: nothing can force it

    auto operator<=>(const Use&) const = default;
};

using Usage = std::map<DeviceId, std::vector<Use>>;

/// Finds the uses of `devices`. Expensive (it walks /proc/*/fd): call it only for devices about to
/// be unbound. Uses are in the order of the enum, most severe first. What cannot be read is a use
/// of its kind, with the error as evidence.
[[nodiscard]] Usage read_usage(const Root& root, const Inventory& inventory,
                               std::span<const DeviceId> devices);

}  // namespace sysfs
