// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/hosts/captured_host.hpp"

namespace vfioctl {
base::Result<sysfs::Inventory> CapturedHost::inventory(const sysfs::ScanOptions& wanted) {
    return sysfs::read_inventory(root_, wanted);
}

base::Result<sysfs::Device> CapturedHost::device(const sysfs::DeviceId& id) {
    return sysfs::read_device(root_, id, {});
}

base::Result<sysfs::Inventory> CapturedHost::devices(std::span<const sysfs::DeviceId> ids,
                                                     const sysfs::ScanOptions& wanted) {
    return sysfs::read_devices(root_, ids, wanted);
}

base::Result<sysfs::Drivers> CapturedHost::drivers(const sysfs::ScanOptions& wanted) {
    return sysfs::read_drivers(root_, wanted);
}

base::Result<std::vector<std::string>> CapturedHost::modules_for(const std::string& modalias) {
    return sysfs::modules_for(root_, modalias);
}

sysfs::Usage CapturedHost::usage(const sysfs::Inventory& inventory,
                                 std::span<const sysfs::DeviceId> devices) {
    return sysfs::read_usage(root_, inventory, devices);
}

}  // namespace vfioctl
