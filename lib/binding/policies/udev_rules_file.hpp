// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "binding/journal/state_dir.hpp"
#include "policy/model/policy_model.hpp"
#include "policy/plan/devices_in_use.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/module/drivers.hpp"

namespace binding {

/// Makes udev's rules those of the policies: written anew only when they differ, removed when no
/// rule wants anything. The file is 79-bindd.rules: before 80-drivers.rules, which loads the native
/// driver; after those that give properties to match on. udevd reads a changed file by itself
/// before its next event. Returns what the rules leave out. An error in place of the devices in use
/// removes the file, as udev cannot leave them alone, and is returned.
[[nodiscard]] base::Result<std::vector<std::string>> write_udev_rules(
    const StateDir& state, const policy::PolicySet& set, const sysfs::Drivers& drivers,
    const sysfs::Host& host, const base::Result<policy::DevicesInUse>& in_use);

}  // namespace binding
