// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sysfs/inventory.hpp"
#include "sysfs/root.hpp"

namespace sysfs {

/// The machine's own facts. `iommu` is what /sys/class/iommu says; groups may say it as well.
[[nodiscard]] Host read_host(const Root& root);
/// As `uname -r`, of this machine or of a captured one; empty when the capture does not tell.
[[nodiscard]] std::string kernel_release(const Root& root);

}  // namespace sysfs
