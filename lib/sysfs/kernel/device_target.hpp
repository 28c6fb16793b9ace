// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "base/dir.hpp"
#include "base/result.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace sysfs {

/// Opens the directory of the device `target` and checks ids, modalias and IOMMU group through that
/// directory. Another device, or none: kGone, with a text that names the device found. Writes go
/// through the returned directory, so they reach the checked device or fail.
[[nodiscard]] base::Result<base::Dir> open_target(const DeviceTarget& target,
                                                  const std::string& operation);

/// The difference between the device behind `device` and `expected`, as the end of the sentence
/// "0000:01:00.0 ..."; empty when they are the same. `noiommu`: vfio creates groups on this host.
enum class Noiommu { kOff, kOn };
[[nodiscard]] std::string identity_mismatch(const base::Dir& device, const Identity& expected,
                                            Noiommu noiommu);

/// Is the opened device still present? sysfs empties the directory of a removed device.
[[nodiscard]] bool is_alive(const base::Dir& device);

}  // namespace sysfs
