// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
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

/// The module of the native driver `driver`, if it has ids for devices of this kind and none for
/// `device`. Nothing for drivers without ids (pci-stub, uio_pci_generic), which take any device,
/// and where the ids are not known: `drivers` must be of a scan that names the driver.
[[nodiscard]] std::optional<std::string> module_without_id(const Drivers& drivers,
                                                           const Device& device,
                                                           const std::string& driver);

}  // namespace sysfs
