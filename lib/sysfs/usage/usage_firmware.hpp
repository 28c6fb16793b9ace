// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>

#include "sysfs/usage/usage_evidence.hpp"

namespace sysfs {

/// Adds the memory that the firmware keeps for DMA (RMRR, IVMD, RMR) in the device's IOMMU group.
void find_firmware_memory(const Root& root, UsageCheck& check);

/// Adds the host's own memory that devices provide: virtio-mem, memory expanders.
void find_system_memory(const Root& root, std::span<UsageCheck> checks);

}  // namespace sysfs
