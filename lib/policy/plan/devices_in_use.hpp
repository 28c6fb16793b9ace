// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/plan/plan.hpp"

namespace policy {

enum class UseSeen { kThisBoot, kEarlierBoot };

/// A device that a rule wants and that the running system keeps, because the host uses it. Until
/// the next boot has ended nothing is mounted and no interface is up, so only a record of this can
/// tell.
struct DeviceInUse {
    sysfs::DeviceId device;
    sysfs::HardwareIds ids;
    ReasonCode reason = ReasonCode::kUnknownUse;
    std::string evidence;  ///< "nvme0n1p2 on /"; of a group peer's use with that peer's name
    UseSeen seen = UseSeen::kThisBoot;

    auto operator<=>(const DeviceInUse&) const = default;
};
using DevicesInUse = std::vector<DeviceInUse>;

/// The devices of the transactions that a use refuses, each once, in the plan's order. A
/// transaction is refused as a whole, so its other devices are kept too.
[[nodiscard]] DevicesInUse devices_in_use(const Plan& plan, const sysfs::Inventory& inventory);

/// The devices that this plan refuses because they are in use, and those of an earlier boot that no
/// look of this boot has found in use: what makes changes by itself leaves them until a command
/// asks for the change. Left out are those that are as wanted now, that no rule wants any more, or
/// that are another device by now. One that is absent may come back.
[[nodiscard]] DevicesInUse devices_in_use(const Plan& plan, const sysfs::Inventory& inventory,
                                          const DevicesInUse& before);

/// Early in a boot: the devices that were in use, each with a sentence that says so. Another device
/// at the address of one is not that device.
[[nodiscard]] std::map<sysfs::DeviceId, std::string> kept_for_host(
    const DevicesInUse& in_use, const sysfs::Inventory& inventory);

/// Later in the boot: why a change that nobody asks for is not made, of a transaction with a device
/// that was in use in an earlier boot and has not been found in use in this one. Empty: none is.
[[nodiscard]] std::string kept_since_earlier_boot(const DevicesInUse& in_use,
                                                  const sysfs::Inventory& inventory,
                                                  const Transaction& transaction);

}  // namespace policy
