// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "base/dir.hpp"
#include "base/result.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace sysfs {

/// Opens the directory of the device that `target` means, once, and makes sure through that very
/// directory that it is the one: ids, modalias and IOMMU group. Another device, or none: kGone, and
/// the text says which one it is now. Every write that follows goes through the returned directory,
/// so it reaches the device that was looked at or nothing at all.
[[nodiscard]] base::Result<base::Dir> open_target(const DeviceTarget& target,
                                                  const std::string& operation);

/// What differs between the device behind `device` and `expected`, as the end of the sentence
/// "0000:01:00.0 ..."; empty when it is the same one. `noiommu`: this host makes up groups for
/// VFIO.
enum class Noiommu { kOff, kOn };
[[nodiscard]] std::string identity_mismatch(const base::Dir& device, const Identity& expected,
                                            Noiommu noiommu);

/// The device is still the one that was opened: sysfs empties a directory when its device goes.
[[nodiscard]] bool is_alive(const base::Dir& device);

}  // namespace sysfs
