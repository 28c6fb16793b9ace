// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <utility>

#include "vfioctl/client/daemon_client.hpp"
#include "vfioctl/hosts/read_only_host.hpp"

namespace vfioctl {

/// This host through the daemon: its devices as the daemon sees them, and their users, which only
/// root can determine. What the daemon does not keep (serial numbers, slots, the drivers of this
/// kernel) is readable by all users, and is read here.
class SnapshotHost final : public ReadOnlyHost {
  public:
    SnapshotHost(sysfs::Kernel& local, DaemonClient& daemon, const binding::HostSnapshot& snapshot)
        : ReadOnlyHost("writes go through the daemon"),
          local_(local),
          daemon_(daemon),
          snapshot_(snapshot) {}

    base::Result<sysfs::Inventory> inventory(const sysfs::ScanOptions& wanted) override;
    base::Result<sysfs::Inventory> devices(std::span<const sysfs::DeviceId> ids,
                                           const sysfs::ScanOptions& wanted) override {
        return local_.devices(ids, wanted);
    }
    base::Result<sysfs::Device> device(const sysfs::DeviceId& id) override {
        return local_.device(id);
    }
    base::Result<sysfs::Drivers> drivers(const sysfs::ScanOptions& wanted) override {
        return local_.drivers(wanted);
    }
    base::Result<std::vector<std::string>> modules_for(const std::string& modalias) override {
        return local_.modules_for(modalias);
    }
    sysfs::Usage usage(const sysfs::Inventory& inventory,
                       std::span<const sysfs::DeviceId> devices) override;

  private:
    sysfs::Kernel& local_;
    DaemonClient& daemon_;
    const binding::HostSnapshot& snapshot_;
};

}  // namespace vfioctl
