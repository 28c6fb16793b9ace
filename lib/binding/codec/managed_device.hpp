// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/plan/plan.hpp"
#include "sysfs/device/device.hpp"

namespace binding {

/// Something beside the driver that we created or set on a device: a mediated device (`value` its
/// UUID, `before` its type and attributes), a number of VFs (`before` the earlier number), the
/// access of a node (`value` the node, `before` its earlier access), or an attribute (`value`
/// "NAME=VALUE", `before` the same with its earlier value).
struct SideEffect {
    policy::Op op{};
    std::string value;
    std::string before;
    bool operator==(const SideEffect&) const = default;
};

/// One device that we bound, and its earlier state, which a release restores.
struct ManagedDevice {
    sysfs::DeviceId device;
    sysfs::Identity identity;
    std::string txn;
    std::string rule;
    std::string where;
    std::string driver;  ///< the one that we bound; empty: its driver is unchanged
    std::optional<std::string> before_driver;
    std::optional<std::string> before_override;
    bool taken_along = false;  ///< a group peer, released with the devices of its rule
    std::vector<SideEffect> side_effects;
    bool early = false;      ///< bound before any driver: a release binds the native one
    std::string first = {};  ///< the transaction by which it became ours; empty: `txn`
    /// Its interfaces before it became ours: they went with its driver, and their names are still
    /// known to users.
    std::vector<std::string> netdevs = {};
    std::optional<std::string> before_power_control = {};
    bool operator==(const ManagedDevice&) const = default;
};

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
    std::vector<std::string> attrs = {};  ///< of the rule, that had other values: "NAME=VALUE"
};

/// The last entry of each device.
using LatestHistory = std::map<sysfs::DeviceId, HistoryEntry>;

}  // namespace binding
