// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "binding/report.hpp"
#include "sysfs/device.hpp"
#include "sysfs/root.hpp"

namespace vfioctl {

/// The names of devices by the hardware database; opened at the first question.
class Hardware {
  public:
    explicit Hardware(const sysfs::Root& root) : root_(root) {}
    [[nodiscard]] binding::HardwareNames names(const sysfs::Device& device);

  private:
    sysfs::Root root_;
};

}  // namespace vfioctl
