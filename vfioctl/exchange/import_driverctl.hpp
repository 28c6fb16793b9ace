// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/exchange/import_result.hpp"

namespace vfioctl {

/// driverctl's overrides of /etc/driverctl.d, a rule each.
[[nodiscard]] ImportResult import_driverctl(const sysfs::Root& root);

}  // namespace vfioctl
