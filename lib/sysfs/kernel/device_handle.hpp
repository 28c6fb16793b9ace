// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "sysfs/device/device.hpp"
#include "sysfs/device/device_dir.hpp"
#include "sysfs/host/root.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace sysfs {

/// The device that is being worked on, with its directory held open. kernfs keeps an open directory
/// that device's: once it is gone nothing is found in there, whoever has the name by then. So who
/// it is need be read only once, and each later look or write costs what can change since.
class DeviceHandle {
  public:
    explicit DeviceHandle(Root root) : root_(std::move(root)) {}

    /// What read_binding_state() tells; the device is held from then on.
    [[nodiscard]] base::Result<Device> binding_state(const DeviceId& id);
    /// The directory to write in: the held device's if that is the one `target` means, else what
    /// open_target() opens. Good until the next call.
    [[nodiscard]] base::Result<const base::Dir*> directory(const DeviceTarget& target,
                                                           const std::string& operation);

  private:
    struct CachedDevice {
        DeviceDir directory;
        Device device;
    };
    Root root_;
    std::optional<CachedDevice> cached_;
    std::optional<base::Dir> opened_;
};

}  // namespace sysfs
