// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/doctor/check.hpp"

namespace vfioctl {

/// Isolation: groups, ACS, reserved regions.
void check_isolation(const DoctorContext& context, CheckResults& results);

}  // namespace vfioctl
