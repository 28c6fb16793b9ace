// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/codec/managed_device.hpp"
#include "binding/transaction/journaled_kernel.hpp"
#include "policy/model/device_attributes.hpp"

/// The attributes that `attrs:` of a rule sets on a device.
namespace binding {

/// Sets those of this phase that have another value, and reads each back.
[[nodiscard]] base::Result<void> write_attributes(
    JournaledKernel& journaled, const sysfs::DeviceTarget& target,
    const std::vector<policy::DeviceAttribute>& wanted, policy::AttributePhase phase);

/// Is it one of these, rather than the type of a virtual GPU?
[[nodiscard]] bool is_attribute(const SideEffect& made);
/// Is there one that can be put back only while the device has no driver?
[[nodiscard]] bool needs_unbound_device(const ManagedDevice& managed);

/// Puts the earlier value back, if the device still has ours.
[[nodiscard]] base::Result<void> restore_attribute(JournaledKernel& journaled,
                                                   const sysfs::DeviceTarget& target,
                                                   const SideEffect& made);

}  // namespace binding
