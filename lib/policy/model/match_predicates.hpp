// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "policy/model/match_fields.hpp"

/// The functions of the table of match keys that return a truth value. A value that the device does
/// not have never holds.
namespace policy {

/// One of the wanted values is the device's.
[[nodiscard]] bool value_equals(const MatchInput& in);
/// One of the wanted globs matches the device's value.
[[nodiscard]] bool value_matches(const MatchInput& in);
/// "none" holds for a device without a driver.
[[nodiscard]] bool driver_holds(const MatchInput& in);
[[nodiscard]] bool class_holds(const MatchInput& in);
[[nodiscard]] bool vf_holds(const MatchInput& in);
/// One of the device's netdevs will do.
[[nodiscard]] bool netdev_holds(const MatchInput& in);
[[nodiscard]] bool kernel_holds(const MatchInput& in);

/// Can a driver, or udev, still change the value?
[[nodiscard]] bool is_unbound(const FieldTest& test, const sysfs::Device& device);
[[nodiscard]] bool may_get_netdevs(const FieldTest& test, const sysfs::Device& device);
[[nodiscard]] bool may_get_attr(const FieldTest& test, const sysfs::Device& device);
[[nodiscard]] bool may_get_property(const FieldTest& test, const sysfs::Device& device);

/// Can binding the device to another driver change the value?
[[nodiscard]] bool always(const FieldTest& test, const sysfs::Device& device);
[[nodiscard]] bool is_group_of_vfio(const FieldTest& test, const sysfs::Device& device);
[[nodiscard]] bool is_serial_unknown(const FieldTest& test, const sysfs::Device& device);
[[nodiscard]] bool binding_changes_attr(const FieldTest& test, const sysfs::Device& device);
[[nodiscard]] bool binding_changes_property(const FieldTest& test, const sysfs::Device& device);

/// Does `pattern` contain anything that fnmatch(3) does not take literally?
[[nodiscard]] bool has_wildcard(const std::string& pattern);

}  // namespace policy
