// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/non_copyable.hpp"
#include "bindd/bus/bus_error.hpp"
#include "sysfs/device/names.hpp"

/// The objects' paths on the bus.
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
[[nodiscard]] std::optional<std::string> parse_mdev_path(const std::string& path);

using Paths = std::vector<std::string>;

/// Devices by path and paths by device. A path is made of the bus and the name, with '_' for each
/// character that a path cannot have ("pci_0000_01_00_0"). Two names can result in the same path:
/// the later device gets a number appended. So a path cannot be computed from the device alone, and
/// it stays the same as long as the device is there.
class DevicePaths : base::NonCopyable {
  public:
    const std::string& add(const sysfs::DeviceId& id);
    void remove(const sysfs::DeviceId& id);
    /// Null if there is none.
    [[nodiscard]] const sysfs::DeviceId* find(std::string_view path) const;
    [[nodiscard]] const std::string* find(const sysfs::DeviceId& id) const;
    /// "/" if there is none.
    [[nodiscard]] std::string path_or_root(const sysfs::DeviceId& id) const;
    [[nodiscard]] Paths all() const;
    /// Between 1 and kMaxDevices devices that a request names.
    [[nodiscard]] BusResult<std::vector<sysfs::DeviceId>> find_all(const Paths& paths) const;

    static constexpr std::size_t kMaxDevices = 1024;

  private:
    std::map<sysfs::DeviceId, std::string> by_id_;
    std::map<std::string_view, const sysfs::DeviceId*> by_path_;  ///< into by_id_
};

}  // namespace bindd
