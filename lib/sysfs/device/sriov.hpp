// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "sysfs/device/device.hpp"
#include "sysfs/device/device_dir.hpp"

namespace sysfs {

/// The PF's side, where the device can do SR-IOV at all.
[[nodiscard]] std::optional<SriovPf> read_pf(const DeviceDir& device);
/// The VF's side: only whose it is. Its index is what only the PF knows, by its virtfnN links
/// (vf_numbers.hpp).
[[nodiscard]] std::optional<std::string> read_pf_of(const DeviceDir& device);

}  // namespace sysfs
