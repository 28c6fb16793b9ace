// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "policy/yaml/yaml_scalars.hpp"

/// The readers of names. Some names become part of a path or of a journal line, so the characters
/// that they may have are few.
namespace policy {

[[nodiscard]] std::optional<std::string> read_bus_name(const YamlValue& value);
[[nodiscard]] std::optional<std::string> read_arch(const YamlValue& value);
[[nodiscard]] std::optional<std::string> read_driver_name(const YamlValue& value);
[[nodiscard]] std::optional<std::string> read_rule_name(const YamlValue& value);
[[nodiscard]] std::optional<std::string> read_mdev_type(const YamlValue& value);
/// The name of a sysfs attribute, or of a udev property: a key, not a value.
[[nodiscard]] std::optional<std::string> read_attr_name(const YamlValue& value);
[[nodiscard]] std::optional<std::string> read_property_name(const YamlValue& value);
/// A user or group: a name or a number.
[[nodiscard]] std::optional<std::string> read_account(const YamlValue& value);
/// A reason code that a rule may lift.
[[nodiscard]] std::optional<std::string> read_forceable(const YamlValue& value);

}  // namespace policy
