// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "binding/codec/managed_device.hpp"
#include "binding/transaction/journaled_kernel.hpp"
#include "policy/model/policy_model.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace binding {

/// `access:` with its names resolved to ids; numbers are ids. kNotFound for an unknown name.
[[nodiscard]] base::Result<sysfs::NodeAccess> resolve_access(const policy::AccessSpec& access);

/// Gives the group node and the cdev of a bound device their owner and mode.
[[nodiscard]] base::Result<void> grant_access(JournaledKernel& journaled,
                                              const sysfs::DeviceId& device,
                                              const sysfs::NodeAccess& access,
                                              const policy::AccessSpec& wanted);

/// Restores the access of a node that this device still has.
[[nodiscard]] base::Result<void> restore_access(JournaledKernel& journaled,
                                                const sysfs::DeviceId& device,
                                                const SideEffect& made);

}  // namespace binding
