// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "sysfs/device/device.hpp"
#include "sysfs/device/device_dir.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/device/pci.hpp"
#include "sysfs/device/vfio_nodes.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// What many devices share, looked up once for a pass over them.
struct ScanContext {
    Root root;
    ScanOptions wanted;
    Slots slots;
    GroupNodes group_nodes;

    [[nodiscard]] static ScanContext read(const Root& root, const ScanOptions& wanted);
};

/// Everything of one device. `devices` is the directory its name is in: a bus' or a class' devices.
/// Fails only when the device is gone. Of a VF only whose it is: its number is for VfIndexTable to
/// tell.
[[nodiscard]] base::Result<Device> read_from(const base::Dir& devices, const DeviceId& id,
                                             const ScanContext& context);

/// The two parts of a look that is to cost little (DeviceHandle): who and where the device is; and
/// its driver, override, group, netdevs and VFIO nodes, which can change while it stays the same
/// device.
[[nodiscard]] base::Result<DeviceDir> open_device(const Root& root, const DeviceId& id,
                                                  Device& out);
void read_binding_state(const Root& root, const DeviceDir& device, Device& out);

/// Does the error say that the device is not there?
[[nodiscard]] bool is_absence(const base::Error& error);

/// The directory that lists devices of this bus (an mdev parent's is /sys/class/mdev_bus).
[[nodiscard]] std::string devices_path(const std::string& bus);

/// "/sys/devices/..." of a link's text as it stands in /sys/bus/BUS/devices or a class.
[[nodiscard]] std::string syspath_from_link(std::string_view link);

}  // namespace sysfs
