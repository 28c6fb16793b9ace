// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>

#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Adds the enabled VFs of a PF.
void find_vfs(const Inventory& inventory, UsageCheck& check);

/// Adds the running mediated devices of a parent, which end with its driver, open or not.
void find_mdevs(UsageCheck& check);

/// Adds what the kernel itself does with parts of the device: clients of a DMA engine, a watchdog
/// that runs, USB devices that usbip serves.
void find_kernel_clients(const Root& root, std::span<UsageCheck> checks);

}  // namespace sysfs
