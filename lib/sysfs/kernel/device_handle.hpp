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

/// Holds the directory of one device open. kernfs keeps an open directory tied to its device: after
/// the device is gone every lookup in it fails, even if another device has the name. So the
/// identity is read once, and later reads cover only what can change.
class DeviceHandle {
  public:
    explicit DeviceHandle(Root root) : root_(std::move(root)) {}

    /// Reads the binding state; the device's directory is held open from then on.
    [[nodiscard]] base::Result<Device> binding_state(const DeviceId& id);
    /// The directory for writes: the held one if it is that of `target`, else the result of
    /// open_target(). Valid until the next call.
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
