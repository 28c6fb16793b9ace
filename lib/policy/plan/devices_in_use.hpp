// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/plan/plan.hpp"

namespace policy {

/// A device that a rule wants and that the running system keeps, because the host uses it. Early in
/// the next boot nothing is mounted and no interface is up, so only a record of this can tell.
struct DeviceInUse {
    sysfs::DeviceId device;
    sysfs::HardwareIds ids;
    ReasonCode reason = ReasonCode::kUnknownUse;
    std::string evidence;  ///< "nvme0n1p2 on /"; of a group peer's use with that peer's name

    auto operator<=>(const DeviceInUse&) const = default;
};
using DevicesInUse = std::vector<DeviceInUse>;

/// The devices of the transactions that a use refuses, each once, in the plan's order. A
/// transaction is refused as a whole, so its other devices are kept too.
[[nodiscard]] DevicesInUse devices_in_use(const Plan& plan, const sysfs::Inventory& inventory);

/// Early in a boot: the devices that were in use, each with a sentence that says so. Another device
/// at the address of one is not that device.
[[nodiscard]] std::map<sysfs::DeviceId, std::string> kept_for_host(
    const DevicesInUse& in_use, const sysfs::Inventory& inventory);

}  // namespace policy
