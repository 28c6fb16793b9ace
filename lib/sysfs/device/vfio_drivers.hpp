// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sysfs {

/// The driver that serves any device of a bus: "vfio-pci" on pci, "vfio-platform" on platform, ...
struct GenericDriver {
    std::string bus;
    std::string driver;
};
/// Of all buses that VFIO knows.
[[nodiscard]] const std::vector<GenericDriver>& generic_vfio_drivers();
/// Nothing for other buses.
[[nodiscard]] std::optional<std::string> generic_vfio_driver(std::string_view bus);

}  // namespace sysfs
