// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/doctor/check.hpp"

namespace vfioctl {

/// The devices that VFIO has or is to have: resets, the console, power states, SR-IOV.
void check_devices(const DoctorContext& context, CheckResults& results);

}  // namespace vfioctl
