// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "sysfs/device/device.hpp"
#include "sysfs/device/device_dir.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/device/locking_attributes.hpp"
#include "sysfs/device/pci.hpp"
#include "sysfs/device/vfio_nodes.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// What a scan of many devices reads once.
struct ScanContext {
    Root root;
    ScanOptions wanted;
    Slots slots;
    GroupNodes group_nodes;
    HangingReads hanging;

    [[nodiscard]] static ScanContext read(const Root& root, const ScanOptions& wanted,
                                          HangingReads hanging = HangingReads::kWait);
};

/// Reads one device. `devices` is the directory that lists it: of a bus or of a class. Fails only
/// when the device is gone. A VF gets its PF; VfIndexTable sets its index. `known`, which is moved
/// from: what was read in another process.
[[nodiscard]] base::Result<Device> read_from(const base::Dir& devices, const DeviceId& id,
                                             const ScanContext& context,
                                             LockingAttributes* known = nullptr);

/// The two parts of a cheap read (DeviceHandle). open_device() sets identity and path;
/// read_binding_state() sets driver, override, group, network interfaces and VFIO nodes, which can
/// change while the device stays the same.
[[nodiscard]] base::Result<DeviceDir> open_device(const Root& root, const DeviceId& id,
                                                  Device& out);
void read_binding_state(const Root& root, const DeviceDir& device, Device& out);

/// Does the error say that the device is not there?
[[nodiscard]] bool is_absence(const base::Error& error);

/// The directory that lists devices of this bus (an mdev parent's is /sys/class/mdev_bus).
[[nodiscard]] std::string devices_path(const std::string& bus);

/// "/sys/devices/..." of the text of a link in /sys/bus/BUS/devices or in a class.
[[nodiscard]] std::string syspath_from_link(std::string_view link);

}  // namespace sysfs
