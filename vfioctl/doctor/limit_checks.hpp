// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/doctor/check.hpp"

namespace vfioctl {

/// Limits of memory that programs may map, and huge pages.
void check_limits(const DoctorContext& context, CheckResults& results);

}  // namespace vfioctl
