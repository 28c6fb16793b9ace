// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>

#include "policy/decide/decide.hpp"

namespace policy {

/// Early in a boot, before udev and the drivers: the devices whose decision may still change, each
/// with a sentence that names the rule it depends on. A rule that tests what only a driver or udev
/// adds (the name of a netdev, a property) may win or protect a device later, so the device must
/// not be changed yet.
[[nodiscard]] std::map<sysfs::DeviceId, std::string> undecided_early(
    const PolicySet& set, const Decisions& decisions, const sysfs::Inventory& inventory);

}  // namespace policy
