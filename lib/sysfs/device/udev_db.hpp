// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/result.hpp"
#include "sysfs/device/device_dir.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// A device's udev properties: the kernel's own (uevent) and those that rules added, from udev's
/// database in /run/udev/data. Read as text: a device of these buses has no node, so the database's
/// key is its bus and name, and libudev would look at this machine's /sys for another host's
/// device.
[[nodiscard]] std::map<std::string, std::string> read_properties(const Root& root,
                                                                 const DeviceId& id,
                                                                 const DeviceDir& device);

/// The properties that rules gave the device with this key of the database: "+pci:0000:01:00.0" of
/// a device without a node, "b259:3" of a block device. None for one that udev does not know.
[[nodiscard]] base::Result<std::map<std::string, std::string>> read_udev_record(
    const Root& root, const std::string& key);

/// The links below /dev of a node, by the key of its record: "disk/by-id/nvme-x-part1".
[[nodiscard]] std::set<std::string> udev_links(const Root& root, const std::string& key);

/// One property that rules gave the device; nothing when udev keeps none of that name.
[[nodiscard]] std::optional<std::string> udev_property(const Root& root, const DeviceId& id,
                                                       const std::string& name);

}  // namespace sysfs
