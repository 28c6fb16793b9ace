// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "vfioctl/doctor/check.hpp"

namespace vfioctl {

/// The IOMMU: its mode, interrupt remapping, and noiommu mode.
void check_iommu(const DoctorContext& context, CheckResults& results);

}  // namespace vfioctl
