// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>

#include "policy/decide/decide.hpp"

namespace policy {

/// Early in a boot, before udev and the drivers: the devices whose decision may still come out
/// differently, each with a sentence that names the rule it hangs on. A rule that looks at what
/// only a driver or udev brings (a netdev's name, a property) may win or protect a device later on,
/// so nothing is to be done about it yet.
[[nodiscard]] std::map<sysfs::DeviceId, std::string> undecided_early(
    const PolicySet& set, const Decisions& decisions, const sysfs::Inventory& inventory);

}  // namespace policy
