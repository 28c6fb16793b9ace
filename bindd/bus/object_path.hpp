// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>

#include "bindd/controller/job.hpp"
#include "sysfs/device/names.hpp"

/// Where things stand on the bus.
namespace bindd {

inline constexpr const char* kBusName = "org.bindd1";
inline constexpr const char* kManagerPath = "/org/bindd1";
inline constexpr const char* kDeviceRoot = "/org/bindd1/device";
inline constexpr const char* kGroupRoot = "/org/bindd1/group";
inline constexpr const char* kMdevRoot = "/org/bindd1/mdev";

[[nodiscard]] std::string job_path(JobId id);
[[nodiscard]] std::string group_path(int group);
[[nodiscard]] std::optional<int> parse_group_path(const std::string& path);
[[nodiscard]] std::string mdev_path(const std::string& uuid);

/// Devices by their paths and the other way round. A path is made of the bus and the name with '_'
/// for all that a path cannot have ("pci_0000_01_00_0"), which two names could share: the later one
/// gets a number behind it, so the path of a device lasts as long as the device.
class DevicePaths {
  public:
    const std::string& add(const sysfs::DeviceId& id);
    void remove(const sysfs::DeviceId& id);
    /// Null: there is none.
    [[nodiscard]] const sysfs::DeviceId* find(const std::string& path) const;
    [[nodiscard]] const std::string* find(const sysfs::DeviceId& id) const;
    [[nodiscard]] const std::map<std::string, sysfs::DeviceId>& all() const { return by_path_; }

  private:
    std::map<std::string, sysfs::DeviceId> by_path_;
    std::map<sysfs::DeviceId, std::string> by_id_;
};

}  // namespace bindd
