// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "sysfs/device/names.hpp"
#include "sysfs/host/root.hpp"

namespace vfioctl {

/// One file of /etc/driverctl.d: its name is the device, its text the driver ("none": no driver).
struct DriverctlEntry {
    std::string path;
    sysfs::DeviceId device;
    std::string driver;
    std::string problem;  ///< not empty: why driverctl could make nothing of it
};

/// All of them, in name order; none is no failure. A file's name is BUS-NAME, and both may have '-'
/// in them (fsl-mc; vmbus' UUIDs), so the buses that there are decide where the one ends.
[[nodiscard]] std::vector<DriverctlEntry> read_driverctl_config(const sysfs::Root& root);

}  // namespace vfioctl
