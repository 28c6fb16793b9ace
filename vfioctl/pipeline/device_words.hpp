// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "sysfs/device/inventory.hpp"
#include "sysfs/host/root.hpp"

namespace vfioctl {

/// The devices, as sysfs::resolve() takes them ("pci/0000:02:00.0"), that other tools call `word`:
/// libvirt's "pci_0000_02_00_0", "2:0.0", the ids "10de:2204" (all such devices), a path below
/// /sys, a node below /dev ("/dev/nvme0n1", "/dev/dri/card0"), and on the live host an alternative
/// name of a network interface. Empty when nothing of this host is called so.
[[nodiscard]] std::vector<std::string> translate_device_word(const sysfs::Root& root,
                                                             const sysfs::Inventory& inventory,
                                                             const std::string& word);

}  // namespace vfioctl
