// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "sysfs/device.hpp"
#include "sysfs/device_dir.hpp"
#include "sysfs/kernel.hpp"
#include "sysfs/result.hpp"
#include "sysfs/root.hpp"

namespace sysfs {

/// The device that is being worked on, with its directory held open. kernfs keeps an open directory
/// that device's: once it is gone nothing is found in there, whoever has the name by then. So who
/// it is need be read only once, and each later look or write costs what can change since.
class HeldDevice {
  public:
    explicit HeldDevice(Root root) : root_(std::move(root)) {}

    /// What read_standing() tells; the device is held from then on.
    [[nodiscard]] Result<Device> standing(const DeviceId& id);
    /// The directory to write in: the held device's if that is the one `target` means, else what
    /// open_target() opens. Good until the next call.
    [[nodiscard]] Result<const Dir*> directory(const Target& target, const std::string& operation);

  private:
    struct Held {
        DeviceDir directory;
        Device device;
    };
    Root root_;
    std::optional<Held> held_;
    std::optional<Dir> opened_;
};

}  // namespace sysfs
