// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/doctor/check.hpp"

namespace vfioctl {

/// The modes of the device nodes.
void check_nodes(const DoctorContext& context, CheckResults& results);

}  // namespace vfioctl
