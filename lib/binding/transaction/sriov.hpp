// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "binding/journal/managed_device.hpp"
#include "binding/transaction/journaled_kernel.hpp"

namespace binding {

/// Brings a PF to `count` VFs and waits until every one is there, with native drivers kept off the
/// new ones meanwhile: rules of their own say what becomes of them.
[[nodiscard]] base::Result<void> enable_vfs(JournaledKernel& journaled,
                                            const sysfs::DeviceTarget& pf, std::uint32_t count,
                                            Milliseconds timeout);

/// Takes back one thing that we made on a device beside its driver.
[[nodiscard]] base::Result<void> remove_side_effect(JournaledKernel& journaled,
                                                    const sysfs::DeviceTarget& target,
                                                    const SideEffect& made, Milliseconds timeout);

}  // namespace binding
