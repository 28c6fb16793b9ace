// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "binding/codec/record.hpp"
#include "binding/transaction/journaled_kernel.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace binding {

/// Restores a device's driver, override and power/control; `now` is its state, just read. The
/// caller has checked that the present state is ours to undo. Used by undo and release.
[[nodiscard]] base::Result<void> restore(JournaledKernel& journaled,
                                         const sysfs::DeviceTarget& target,
                                         const sysfs::Device& now, const PreviousBinding& wanted);

/// The driver that the kernel itself would give the device: the first that a module claiming its
/// modalias registers on its bus, or brings when it is loaded. kNotFound when there is none.
[[nodiscard]] base::Result<std::string> native_driver(JournaledKernel& journaled,
                                                      const sysfs::DeviceTarget& target);

}  // namespace binding
