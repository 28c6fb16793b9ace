// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sysfs/device/inventory.hpp"

namespace binding {

/// What a scan of the host brings beside the devices, which come one by one.
struct HostContext {
    sysfs::Host host;
    std::map<int, std::string> group_types;
    std::map<int, std::string> group_names;
    std::vector<std::string> warnings;

    [[nodiscard]] static HostContext from(const sysfs::Inventory& inventory);
    void apply_to(sysfs::Inventory& inventory) const;
};

}  // namespace binding
