// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "policy/model/policy_model.hpp"
#include "sysfs/device/inventory.hpp"

namespace policy {

/// Does one field hold for `device`? A fact that is absent never does.
[[nodiscard]] bool field_holds(const FieldTest& test, const sysfs::Device& device,
                               const sysfs::Host& host);

/// Early in a boot: may the field say something else once udev and a driver have had the device?
/// Not of one that has a driver already, and not for what the kernel alone tells.
[[nodiscard]] bool may_change(const FieldTest& test, const sysfs::Device& device);

/// What the device has in that field, as users see it (ids bare lower-case hex); absent: it has
/// none.
[[nodiscard]] std::optional<std::string> field_value(const FieldTest& test,
                                                     const sysfs::Device& device,
                                                     const sysfs::Host& host);

/// Has `pattern` anything that fnmatch(3) would not take literally?
[[nodiscard]] bool has_wildcard(const std::string& pattern);

}  // namespace policy
