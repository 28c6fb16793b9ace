// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/hardware.hpp"

namespace vfioctl {

binding::HardwareNames Hardware::names(const sysfs::Device&) {
    return {};
}

}  // namespace vfioctl
