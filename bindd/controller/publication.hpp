// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <string>

#include "sysfs/device/names.hpp"

namespace bindd {

struct StepContext;

/// What observers were last notified of: they are notified of devices and groups only when these
/// differ from it.
struct PublishedState {
    std::map<sysfs::DeviceId, std::string> devices;  ///< → state, reason and decision
    std::set<int> groups;
    std::set<sysfs::DeviceId> changed;  ///< in more than their state shows
};

/// Notifies of all differences from the published state.
void publish(StepContext& step);

}  // namespace bindd
