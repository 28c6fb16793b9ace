// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "binding/bound.hpp"
#include "binding/writer.hpp"
#include "policy/model.hpp"
#include "sysfs/kernel.hpp"

namespace binding {

/// `access:` with its names looked up; numbers are taken as they are. kNotFound for an unknown one.
[[nodiscard]] sysfs::Result<sysfs::NodeAccess> resolve_access(const policy::Access& access);

/// Gives the group node and the cdev of a bound device their owner and mode.
[[nodiscard]] sysfs::Result<void> give_access(Writer& writer, const sysfs::DeviceId& device,
                                              const sysfs::NodeAccess& access,
                                              const policy::Access& wanted);

/// Puts back who might open a node that this device still has.
[[nodiscard]] sysfs::Result<void> give_back_access(Writer& writer, const sysfs::DeviceId& device,
                                                   const Made& made);

}  // namespace binding
