// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/device/device_dir.hpp"

namespace sysfs {

/// The types a parent offers; empty for a device that is no parent.
[[nodiscard]] std::vector<MdevType> read_mdev_types(const DeviceDir& device);
/// Parent and type of a device on the bus "mdev".
[[nodiscard]] std::optional<MdevState> read_mdev_state(const DeviceDir& device,
                                                       std::string_view syspath);

}  // namespace sysfs
