// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// A framebuffer that the firmware has set up, with the driver that draws in it: efifb, vesafb or
/// simplefb ("fb0"), or simpledrm and the like ("card0").
struct FirmwareDisplay {
    std::string name;
    std::string dir;  ///< of its platform device in sysfs, with the root; empty: not known
};

/// The firmware's framebuffers in the memory of `device`. They are below no PCI device, but do not
/// survive without the one that has the memory.
[[nodiscard]] std::vector<FirmwareDisplay> find_firmware_displays(const Root& root,
                                                                  const Device& device);

}  // namespace sysfs
