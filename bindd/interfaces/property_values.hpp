// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/decide/decide.hpp"
#include "sysfs/device/device.hpp"

/// A device's facts as the values that replies are made of; each returns what sd-bus does.
namespace bindd {

using TextPairs = std::vector<std::pair<const char*, std::string>>;

int append_text(sd_bus_message* reply, const std::string& text);
/// An a{sv} of texts.
int append_pairs(sd_bus_message* reply, const TextPairs& pairs);

/// "group" and "cdev"; none while VFIO does not have it.
[[nodiscard]] TextPairs vfio_pairs(const sysfs::Device& device);
/// "driver", "rule" and "where", as `wanted` of `vfioctl list --json`.
[[nodiscard]] TextPairs wanted_pairs(const policy::Decision* decision);
/// -1 for what is absent.
[[nodiscard]] int number_or_none(const std::optional<int>& value);

}  // namespace bindd
