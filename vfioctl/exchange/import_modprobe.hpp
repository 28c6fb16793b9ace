// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/exchange/import_result.hpp"

namespace vfioctl {

/// ids= of vfio-pci and pci-stub, in modprobe's configuration and on the kernel command line.
[[nodiscard]] ImportResult import_modprobe(const sysfs::Root& root);

}  // namespace vfioctl
