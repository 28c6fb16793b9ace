// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "bindd/bus/authority.hpp"
#include "bindd/bus/object_path.hpp"
#include "sysfs/device/inventory.hpp"

/// The devices that a request names by their objects' paths.
namespace bindd {

using Paths = std::vector<std::string>;

/// For the authorisation, which comes before the paths are checked: one entry for each path, up to
/// the limit of find_devices().
[[nodiscard]] std::vector<Details> to_details(const Paths& paths, const DevicePaths& known,
                                              const sysfs::Inventory& inventory);
/// Between 1 and 1024 devices.
[[nodiscard]] BusResult<std::vector<sysfs::DeviceId>> find_devices(const Paths& paths,
                                                                   const DevicePaths& known);

}  // namespace bindd
