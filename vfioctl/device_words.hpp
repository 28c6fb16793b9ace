// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "binding/report.hpp"
#include "policy/decide.hpp"
#include "sysfs/device.hpp"
#include "sysfs/hwdb.hpp"

/// A device's facts as the words that tables and sheets show; empty where there is none.
namespace vfioctl {

/// Vendor and device by the hardware database.
[[nodiscard]] binding::HardwareNames names_of(sysfs::HardwareDatabase& database,
                                              const sysfs::Device& device);
/// Both in one: "Intel Corporation 82574L Gigabit Network Connection".
[[nodiscard]] std::string full_name(const binding::HardwareNames& names);
/// The class as policies name it ("network"), or its hex digits where they have no name for it.
[[nodiscard]] std::string class_word(const sysfs::Ids& ids);
/// "8086:10d3", with '?' for what is not known; empty for a device without ids.
[[nodiscard]] std::string id_pair(const std::optional<std::uint16_t>& vendor,
                                  const std::optional<std::uint16_t>& device);
/// The driver that the policies want: a name, "host", "none"; a module in parentheses while the name
/// of its driver is not known.
[[nodiscard]] std::string wanted_driver(const policy::Decision* decision);
/// "15, vfio3": the nodes below /dev/vfio and /dev/vfio/devices.
[[nodiscard]] std::string vfio_words(const sysfs::Device& device);

}  // namespace vfioctl
