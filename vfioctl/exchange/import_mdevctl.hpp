// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/exchange/import_result.hpp"

namespace vfioctl {

/// mdevctl's automatic devices of /etc/mdevctl.d, a rule for each parent.
[[nodiscard]] ImportResult import_mdevctl(const sysfs::Root& root);

}  // namespace vfioctl
