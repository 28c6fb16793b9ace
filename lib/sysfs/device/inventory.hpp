// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sysfs/device/device.hpp"
#include "sysfs/device/group.hpp"
#include "sysfs/host/host.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// What a scan does with a read that may not return (locking_attributes.hpp). kWait: it is made
/// here; for a process that can be abandoned as a whole. kAbandon: it is made in another process,
/// and a device of which it does not return in time is `stuck`.
enum class HangingReads { kWait, kAbandon };

/// What a scan reads beyond the cheap attributes. Policies name what they match on.
struct ScanOptions {
    bool serial = false;                ///< VPD and device serial numbers: slow on some devices
    bool properties = false;            ///< the udev database
    bool slots = false;                 ///< the firmware's slot names: a file for each slot
    bool resets = false;                ///< reset methods
    bool access = false;                ///< owner and mode of VFIO's nodes
    std::set<std::string> users = {};   ///< names of users whose ids are asked for
    std::set<std::string> groups = {};  ///< the same of groups
    std::set<std::string> attrs;        ///< sysfs attributes by name
    std::set<std::string> drivers;      ///< drivers named by policies, to be resolved to modules
    /// Read only the drivers named: without `auto` no variant and no alias is needed.
    bool named_only = false;
    std::set<std::string> driver_buses =
        {};                  ///< of the drivers only those on these buses; empty: of all
    bool vf_makers = false;  ///< of the drivers: whether vfio-pci makes VFs
    /// Read only what a table of devices shows. Omitted, unless asked for below: devices of buses
    /// other than pci and mdev that have neither an IOMMU group nor a VFIO driver, NUMA nodes,
    /// revisions, and the groups' types.
    bool brief = false;
    bool other_buses = false;  ///< every device of every bus
    bool numa_nodes = false;
    bool revisions = false;
    [[nodiscard]] bool every_bus() const { return !brief || other_buses; }
    /// Devices that are not read at all, since reading them hangs.
    std::set<DeviceId> leave_out = {};
};

/// Every device of every bus that has driver_override, the mdevs and their parents, and the IOMMU
/// groups. A value, read in one pass over sysfs. Devices are ordered by bus (pci first), then by
/// device_name_less(). A device that vanishes during the pass is absent.
struct Inventory {
    Host host;
    std::vector<Device> devices;
    std::map<int, Group> groups;
    std::vector<std::string> warnings;  ///< what could not be read, one sentence each

    [[nodiscard]] const Device* find(const DeviceId& id) const;
    [[nodiscard]] const Group* find_group(const Device& device) const;
    /// Orders `devices`, rebuilds the index and the groups' blockers. Call after changing
    /// `devices`.
    void rebuild_index();
    /// Replaces the devices `asked` by those in `found`. Devices that were not found are removed,
    /// and groups without devices.
    void update(std::span<const DeviceId> asked, Inventory found);

  private:
    std::map<DeviceId, std::size_t> index_;
};

/// One pass over `root`. Fails only when there is no sysfs at all.
[[nodiscard]] base::Result<Inventory> read_inventory(const Root& root, const ScanOptions& wanted,
                                                     HangingReads hanging = HangingReads::kWait);

/// Reads one device. kNotFound when it is absent.
[[nodiscard]] base::Result<Device> read_device(const Root& root, const DeviceId& id,
                                               const ScanOptions& wanted);

/// Reads some devices and their groups; absent ones are omitted.
[[nodiscard]] base::Result<Inventory> read_devices(const Root& root, std::span<const DeviceId> ids,
                                                   const ScanOptions& wanted,
                                                   HangingReads hanging = HangingReads::kWait);

}  // namespace sysfs
