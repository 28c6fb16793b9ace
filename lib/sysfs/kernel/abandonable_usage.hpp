// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>

#include "sysfs/usage/usage.hpp"

namespace sysfs {

/// read_usage() in a process that is abandoned when it does not return: beside an unbind that hangs
/// with the lock of network interfaces (rtnl) every dump of them hangs too, and a process that does
/// not end may keep its maps locked. Devices whose users are not found in time have kUnknown.
[[nodiscard]] Usage read_usage_abandonably(const Root& root, const Inventory& inventory,
                                           std::span<const DeviceId> devices);

}  // namespace sysfs
