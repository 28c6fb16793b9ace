// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "policy/plan/plan_context.hpp"

namespace policy {

/// Attributes that the device cannot have: the kernel shows none, or not this value, or only while
/// it has no driver; a NUMA node that is not online; a method of reset that it does not list.
enum class DriverDuringWrite { kNone, kPresent };
void add_attribute_reasons(const sysfs::Device& device, const std::vector<DeviceAttribute>& wanted,
                           DriverDuringWrite driver, const sysfs::Host& host,
                           std::vector<Reason>& out);

}  // namespace policy
