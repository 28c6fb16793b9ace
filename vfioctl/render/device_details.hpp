// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "binding/report/device_report.hpp"
#include "policy/decide/driver_chain.hpp"
#include "sysfs/usage/usage.hpp"

namespace vfioctl {

/// Everything known of one device: what `show` prints.
struct DeviceDetails {
    const sysfs::Device& device;
    const sysfs::Group* group = nullptr;
    binding::DeviceNames names;
    std::optional<std::string> subsystem;  ///< the board's name
    const policy::Decision* decision = nullptr;
    binding::DeviceState state;
    policy::Chain fitting;             ///< every driver that could serve it
    std::vector<std::string> modules;  ///< that claim it by their aliases, as lspci -k
    std::vector<sysfs::Use> uses;
    std::optional<std::vector<binding::HistoryEntry>> history;  ///< newest first; absent: unknown
};

[[nodiscard]] std::string device_details_text(const DeviceDetails& details);

/// The fields of `list` and more.
[[nodiscard]] nlohmann::ordered_json device_details_json(const DeviceDetails& details);

}  // namespace vfioctl
