// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "policy/decide/decide.hpp"
#include "sysfs/device/device.hpp"

namespace bindd {

struct PathValue {
    std::string path;
};
using TextPairs = std::vector<std::pair<const char*, std::string>>;
/// The value of a property, of the D-Bus type s, i, o or a{sv} (of texts).
using PropertyValue = std::variant<std::string, int, PathValue, TextPairs>;

/// Returns what sd-bus does.
int append_value(sd_bus_message* reply, const PropertyValue& value);
/// A hash, good within this process.
[[nodiscard]] std::uint32_t digest(const PropertyValue& value);

/// "group" and "cdev"; empty unless a VFIO driver has the device.
[[nodiscard]] TextPairs vfio_pairs(const sysfs::Device& device);
/// "driver", "rule" and "where", as `wanted` of `vfioctl list --json`.
[[nodiscard]] TextPairs wanted_pairs(const policy::Decision* decision);
/// -1 for an absent number.
[[nodiscard]] int number_or_none(const std::optional<int>& value);

}  // namespace bindd
