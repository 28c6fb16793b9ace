// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "binding/report/device_report.hpp"
#include "policy/decide/decide.hpp"
#include "policy/decide/driver_chain.hpp"
#include "sysfs/device/device.hpp"
#include "sysfs/device/hwdb.hpp"

/// A device's facts as the words that tables and sheets show; empty where there is none.
namespace vfioctl {

/// Vendor and device by the hardware database.
[[nodiscard]] binding::DeviceNames hardware_names(sysfs::HardwareDatabase& database,
                                                  const sysfs::Device& device);
/// Both in one: "Intel Corporation 82574L Gigabit Network Connection".
[[nodiscard]] std::string full_name(const binding::DeviceNames& names);
/// The class as policies name it ("network"), or its hex digits where they have no name for it.
[[nodiscard]] std::string device_class_name(const sysfs::HardwareIds& ids);
/// "8086:10d3", with '?' for an unknown id; empty for a device without ids.
[[nodiscard]] std::string id_pair(const std::optional<std::uint16_t>& vendor,
                                  const std::optional<std::uint16_t>& device);
/// The driver that the policies want: a name, "host", "none"; a module in parentheses while the
/// name of its driver is not known.
[[nodiscard]] std::string wanted_driver(const policy::Decision* decision);
/// "15, vfio3": the nodes below /dev/vfio and /dev/vfio/devices.
[[nodiscard]] std::string vfio_nodes_text(const sysfs::Device& device);

/// A candidate as users may name it: its driver, or its module while the driver's name is not
/// known.
[[nodiscard]] std::string candidate_name(const policy::ChainLink& link);
/// One aligned line per candidate: its name, its status, where it comes from, and why.
[[nodiscard]] std::vector<std::string> chain_lines(const policy::Chain& chain);

/// The attributes that its rule wants, "NAME=VALUE", with what the device has where that differs.
[[nodiscard]] std::vector<std::string> attribute_lines(const sysfs::Device& device,
                                                       const policy::Decision* decision);

}  // namespace vfioctl
