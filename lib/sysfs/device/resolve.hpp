// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sysfs/device/inventory.hpp"

namespace sysfs {

/// The devices that `word` names: an address with or without domain, "bus/name", an mdev's UUID, a
/// network interface, or a glob over addresses and "bus/name". Nothing found: kNotFound with
/// similar names as the hint. A word that no device can have: kInvalid.
[[nodiscard]] base::Result<std::vector<DeviceId>> resolve(const Inventory& inventory,
                                                          std::string_view word);

}  // namespace sysfs
