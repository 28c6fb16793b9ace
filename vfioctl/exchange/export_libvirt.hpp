// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "vfioctl/context/failure.hpp"
#include "vfioctl/exchange/export_source.hpp"

namespace vfioctl {

/// libvirt's <hostdev>, managed='no': vfioctl binds the device. kFailed for a device that libvirt
/// has no hostdev for.
[[nodiscard]] CliResult<std::string> libvirt_hostdev(const ExportDevice& exported);

}  // namespace vfioctl
