// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "policy/model/policy_model.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/module/drivers.hpp"

namespace policy {

/// The property under which udev keeps what these rules wrote: an override that equals it was
/// nobody else's.
inline constexpr const char* kOverrideProperty = "BINDD_OVERRIDE";

/// What the policies want of PCI devices that are plugged in later, as far as udev can tell: a
/// rules file that writes an override before udev loads a module for the device. Devices that have
/// a driver or an override already are left alone; so is every device for which a rule that udev
/// cannot express might have the last word. The daemon does the rest.
struct UdevRules {
    std::string text;
    std::vector<std::string>
        unsupported;  ///< "rule vfs (10-host.yaml:3): limit", as the text says too
};
[[nodiscard]] UdevRules udev_rules(const PolicySet& set, const sysfs::Drivers& drivers,
                                   const sysfs::Host& host);

}  // namespace policy
