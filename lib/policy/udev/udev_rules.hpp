// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "policy/model/policy_model.hpp"
#include "policy/plan/devices_in_use.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/module/drivers.hpp"

namespace policy {

/// The property in which udev stores the override that these rules wrote. An override that equals
/// it was written by nobody else.
inline constexpr const char* kOverrideProperty = "BINDD_OVERRIDE";

/// What the policies want of PCI devices that are plugged in later, as far as udev can decide it: a
/// rules file that writes an override before udev loads a module for the device. It skips devices
/// that have a driver or an override, and every device whose decision may depend on a rule that
/// udev cannot express, or that is in `in_use`; the daemon handles those.
struct UdevRules {
    std::string text;
    std::vector<std::string> unsupported;  ///< "rule vfs (10-host.yaml:3): limit"; also in the text
};
[[nodiscard]] UdevRules udev_rules(const PolicySet& set, const sysfs::Drivers& drivers,
                                   const sysfs::Host& host, const DevicesInUse& in_use = {});

}  // namespace policy
