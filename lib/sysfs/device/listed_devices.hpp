// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "base/dir.hpp"
#include "sysfs/device/device_reader.hpp"

namespace sysfs {

/// A device to be read; `devices` lists it.
struct ListedDevice {
    const base::Dir* devices;
    DeviceId id;
};

/// Reads each; the results are in their order.
[[nodiscard]] std::vector<base::Result<Device>> read_listed(const std::vector<ListedDevice>& listed,
                                                            const ScanContext& context);

}  // namespace sysfs
