// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/doctor/check.hpp"

namespace vfioctl {

/// Other tools that bind: driverctl, modprobe options, libvirt, mdevctl, scripts.
void check_external_managers(const DoctorContext& context, CheckResults& results);

}  // namespace vfioctl
