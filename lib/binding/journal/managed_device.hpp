// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "binding/journal/state_dir.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/device.hpp"

namespace binding {

/// Something beside a driver that we made on a device: a mediated device (`value` its UUID,
/// `before` its type), a number of VFs (`before` the number there was), or who may open a node
/// (`value` the node, `before` who might).
struct SideEffect {
    policy::Op op{};
    std::string value;
    std::string before;
    bool operator==(const SideEffect&) const = default;
};

/// One device that we bound, and what was there before us: what a release restores.
struct ManagedDevice {
    sysfs::DeviceId device;
    sysfs::Identity identity;
    std::string txn;
    std::string rule;
    std::string where;
    std::string driver;  ///< what we bound it to; empty: we left its driver alone
    std::optional<std::string> before_driver;
    std::optional<std::string> before_override;
    bool taken_along = false;  ///< a group peer: released with those it came for
    std::vector<SideEffect> side_effects;
    bool early = false;  ///< ours before any driver had it: goes back to its native one
    bool operator==(const ManagedDevice&) const = default;
};

/// What the journal says is ours now. Unreadable lines are skipped and counted, never fatal.
[[nodiscard]] base::Result<std::map<sysfs::DeviceId, ManagedDevice>> read_managed_devices(
    const StateDir& state);

/// One line of the history.
struct HistoryEntry {
    std::string txn;
    std::int64_t time_us = 0;  ///< since the epoch
    std::string actor;         ///< "vfioctl", "bindd", with the uid
    std::string action;        ///< "apply", "bind", "release", "rollback", "recover"
    std::optional<int> group;
    std::vector<sysfs::DeviceId> devices;
    std::string driver;
    std::string rule;
    std::string where;
    std::string result;  ///< as policy::step_result_name
    std::string error;
};

/// Oldest first.
[[nodiscard]] base::Result<std::vector<HistoryEntry>> read_history(const StateDir& state);

using LatestHistory = std::map<sysfs::DeviceId, HistoryEntry>;
/// What was last done to each device, or to each of `only`, which is found from the end of the
/// history: mostly with little reading. A history that cannot be read (it is root's) tells of none.
[[nodiscard]] LatestHistory latest_history(const StateDir& state);
[[nodiscard]] LatestHistory latest_history(const StateDir& state, std::set<sysfs::DeviceId> only);

}  // namespace binding
