// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sysfs/device/names.hpp"
#include "sysfs/host/root.hpp"

namespace vfioctl {

/// Another tool that has to do with a device: what it wants of it, and where that is written.
struct ExternalManager {
    std::string tool;  ///< "driverctl", "libvirt", "mdevctl"
    std::optional<std::string>
        driver;  ///< the driver that it binds; absent: it takes what is bound
    std::string where;
    bool managed = false;  ///< libvirt's managed='yes': it binds the device itself
    std::string text;      ///< for people: "in use by domain win10"
};

using ExternalManagers = std::map<sysfs::DeviceId, std::vector<ExternalManager>>;

/// driverctl's devices, those of libvirt's running domains (and of defined ones with
/// managed='yes'), and the mdevs that mdevctl starts. On a host without these tools it reads three
/// directories.
[[nodiscard]] ExternalManagers read_external_managers(const sysfs::Root& root);

/// The tools' names, each once.
[[nodiscard]] std::vector<std::string> tool_names(const ExternalManagers& external_managers,
                                                  const sysfs::DeviceId& device);
/// `[{tool, driver, where}]`, in the order of the tools' names.
[[nodiscard]] nlohmann::ordered_json external_managers_json(
    const ExternalManagers& external_managers, const sysfs::DeviceId& device);

}  // namespace vfioctl
