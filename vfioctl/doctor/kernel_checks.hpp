// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/doctor/check.hpp"

namespace vfioctl {

/// The kernel: VFIO modules, iommufd, lockdown, Secure Boot.
void check_kernel(const DoctorContext& context, CheckResults& results);

}  // namespace vfioctl
