// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "binding/codec/managed_device.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace bindd {

/// May a transaction make this change? The executor does not take the controller's word for it.
/// - A candidate is a VFIO driver, or one that the executor's own journal, the kernel's aliases for
///   the device or root's policy files name; so is a module, but that a VFIO module must be one
///   that the kernel's VFIO aliases name.
/// - No `protect` rule of root's policy files matches the device by the executor's own look, unless
///   it is released.
/// - It accepts no use that neither a rule nor `force` can allow: an open VFIO device, VFs of a PF.
/// Reads files and the device: for a worker. `managed` is the journal's record of the device;
/// nullptr: there is none. kRefused otherwise.
[[nodiscard]] base::Result<void> check_change(sysfs::Kernel& kernel,
                                              const std::vector<std::string>& policies,
                                              const policy::Change& change,
                                              const binding::ManagedDevice* managed);

}  // namespace bindd
