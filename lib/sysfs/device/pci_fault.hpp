// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "sysfs/device/device.hpp"
#include "sysfs/device/device_dir.hpp"

namespace sysfs {

/// The sign that a PCI device is dead or lost ("its configuration space reads as all ones"); empty
/// when there is none. `out.driver`, `out.vf` and `out.header_type` are set already. Resumes no
/// device.
[[nodiscard]] std::string read_fault(const DeviceDir& device, const Device& out);

}  // namespace sysfs
