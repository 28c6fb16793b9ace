// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/doctor/check.hpp"

namespace vfioctl {

/// The policies, the states of the devices, and what binds before them.
void check_policies(const DoctorContext& context, CheckResults& results);

}  // namespace vfioctl
