// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

/// The sysfs attributes of a device that `attrs:` of a rule may set: a closed list, each with its
/// values. They are set before the driver is bound, but those that drivers set themselves, and put
/// back on release.
namespace policy {

inline constexpr std::string_view kPowerControl = "power/control";

/// Name and value, as the kernel takes it.
using DeviceAttribute = std::pair<std::string, std::string>;
/// What a device's attributes read as, by name.
using AttributeTexts = std::map<std::string, std::string>;

/// kNotFound for a name that is not in the list, kInvalid for a value; the hint says what can be
/// given. `resource1_resize` takes a size ("16G") or the kernel's number (14).
[[nodiscard]] base::Result<DeviceAttribute> parse_device_attribute(const std::string& name,
                                                                   const std::string& value);
[[nodiscard]] bool is_device_attribute(std::string_view name);

/// "NAME=VALUE", as steps and journal have it; without a "=" all of it is the name.
[[nodiscard]] DeviceAttribute split_assignment(const std::string& text);

/// The attributes to read for attribute_value() and attribute_refusal().
[[nodiscard]] std::set<std::string> attributes_to_read(const std::string& name);

/// The present value as it would be written; nothing when the device does not have the attribute.
[[nodiscard]] std::optional<std::string> attribute_value(const AttributeTexts& texts,
                                                         const std::string& name);

/// Why the device cannot have the value, as far as can be known before it is written.
[[nodiscard]] std::optional<std::string> attribute_refusal(const AttributeTexts& texts,
                                                           const DeviceAttribute& wanted);

/// The kernel refuses a write while the device has a driver (EBUSY).
[[nodiscard]] bool needs_unbound_device(std::string_view name);
/// Does it of any of them?
[[nodiscard]] bool needs_unbound_device(const std::vector<DeviceAttribute>& attributes);
/// When it is written. Drivers set power/control when they bind (vfio_pci_core_register_device()
/// allows runtime power management), so it comes after the bind.
enum class AttributePhase { kBeforeBind, kAfterBind };
[[nodiscard]] AttributePhase attribute_phase(std::string_view name);

}  // namespace policy
