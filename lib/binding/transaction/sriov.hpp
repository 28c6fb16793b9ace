// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "binding/codec/managed_device.hpp"
#include "binding/transaction/journaled_kernel.hpp"

namespace binding {

/// Brings a PF to `count` VFs and waits until every one is there, with native drivers kept off the
/// new ones meanwhile: their own rules decide on their drivers.
[[nodiscard]] base::Result<void> enable_vfs(JournaledKernel& journaled,
                                            const sysfs::DeviceTarget& pf, std::uint32_t count,
                                            Milliseconds timeout);

/// Undoes one side effect of ours on a device.
[[nodiscard]] base::Result<void> remove_side_effect(JournaledKernel& journaled,
                                                    const sysfs::DeviceTarget& target,
                                                    const SideEffect& made, Milliseconds timeout);

}  // namespace binding
