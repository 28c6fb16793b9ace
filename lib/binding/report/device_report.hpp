// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "binding/journal/managed_device.hpp"
#include "policy/decide/decide.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/inventory.hpp"

/// Everything as the JSON of interface.md section 2; used by vfioctl and the bus alike. Absent
/// things are null. Strings are made valid UTF-8.
namespace binding {

/// A device's place in the interface's `state` list, with the reason when it is not as wanted.
struct DeviceState {
    std::string state;
    std::optional<std::string> reason;
};
[[nodiscard]] DeviceState device_state(const sysfs::Device& device,
                                       const policy::Decision* decision,
                                       const policy::Transaction* transaction);

/// Only what is still outstanding can have failed: a device that is as wanted is well.
[[nodiscard]] DeviceState with_last_result(DeviceState state, const sysfs::DeviceId& device,
                                           const LatestHistory& latest);

/// The driver that the policies want of it: a name, "host" or "none". Absent when nothing is wanted
/// of its driver, and for that of a module which is not loaded yet: only then its name shows.
[[nodiscard]] std::optional<std::string> wanted_driver(const policy::Decision& decision);

/// Names of the hardware database for a device; empty where it knows none.
struct DeviceNames {
    std::string vendor;
    std::string device;
};

[[nodiscard]] nlohmann::ordered_json device_json(const sysfs::Device& device,
                                                 const DeviceNames& names,
                                                 const policy::Decision* decision,
                                                 const DeviceState& state);
[[nodiscard]] nlohmann::ordered_json group_json(const sysfs::Group& group);
[[nodiscard]] nlohmann::ordered_json plan_json(const policy::Plan& plan);
[[nodiscard]] nlohmann::ordered_json transaction_json(const policy::Transaction& transaction);
[[nodiscard]] nlohmann::ordered_json history_json(const std::vector<HistoryEntry>& history);
/// The entries of a document that has them as its "history".
[[nodiscard]] base::Result<std::vector<HistoryEntry>> parse_history(const std::string& document);
/// RFC 3339 in UTC to the second: the same on every machine, and it sorts.
[[nodiscard]] std::string format_time(std::int64_t time_us);
[[nodiscard]] nlohmann::ordered_json explain_json(const sysfs::Device& device,
                                                  const policy::PolicySet& set,
                                                  const policy::Decision& decision,
                                                  const policy::Transaction* transaction,
                                                  const sysfs::Inventory& inventory);

}  // namespace binding
