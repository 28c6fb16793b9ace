// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

#include "vfioctl/client/daemon_bus.hpp"

namespace vfioctl {

/// A line of `vfioctl monitor`: what happened to which device or group, and the new values.
struct MonitorEvent {
    std::string what;  ///< present, appeared, changed, vanished, transaction, policies, daemon
    std::string subject;
    BusProperties changes;
};

/// A line with its end, in text or as a JSON object. `time_us` is since the epoch.
[[nodiscard]] std::string event_text(const MonitorEvent& event, std::int64_t time_us);
/// Values have the names and types that `list --json` has for them.
[[nodiscard]] std::string event_json(const MonitorEvent& event, std::int64_t time_us);

}  // namespace vfioctl
