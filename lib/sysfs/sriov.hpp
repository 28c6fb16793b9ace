// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "sysfs/device.hpp"
#include "sysfs/device_dir.hpp"

namespace sysfs {

/// The PF's side, where the device can do SR-IOV at all.
[[nodiscard]] std::optional<SriovPf> read_pf(const DeviceDir& device);
/// The VF's side. Its index is what only the PF knows: by the PF's virtfnN links.
[[nodiscard]] std::optional<SriovVf> read_vf(const DeviceDir& device, const std::string& name);

}  // namespace sysfs
