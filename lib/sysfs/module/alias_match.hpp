// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/module/drivers.hpp"

namespace sysfs {

/// An alias that claims a device, and how specifically.
struct AliasMatch {
    ModuleAlias alias;
    unsigned wildcards = 0;  ///< '*' fields of the pattern, without the one that ends a class
};

/// The VFIO aliases that claim `device`, most specific first: its modalias with the bus's VFIO
/// prefix, matched with fnmatch(3) against each whole pattern. Empty for a bus without VFIO
/// aliases.
[[nodiscard]] std::vector<AliasMatch> matching_aliases(const Drivers& drivers,
                                                       const Device& device);

}  // namespace sysfs
