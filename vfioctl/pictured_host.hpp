// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <utility>

#include "vfioctl/daemon.hpp"
#include "vfioctl/read_only_host.hpp"

namespace vfioctl {

/// This host through the daemon: its devices as the daemon sees them, and who uses them, which takes rights that we may
/// not have. What the daemon does not keep (serial numbers, slots, which drivers this kernel has) is for anyone to read, and is
/// read here.
class PicturedHost final : public ReadOnlyHost {
  public:
    PicturedHost(sysfs::Kernel& local, Daemon& daemon, const binding::Picture& picture)
        : ReadOnlyHost("the daemon does the writing"), local_(local), daemon_(daemon), picture_(picture) {}

    sysfs::Result<sysfs::Inventory> inventory(const sysfs::Wanted& wanted) override;
    sysfs::Result<sysfs::Inventory> devices(std::span<const sysfs::DeviceId> ids,
                                            const sysfs::Wanted& wanted) override {
        return local_.devices(ids, wanted);
    }
    sysfs::Result<sysfs::Device> device(const sysfs::DeviceId& id) override { return local_.device(id); }
    sysfs::Result<sysfs::Drivers> drivers(const sysfs::Wanted& wanted) override { return local_.drivers(wanted); }
    sysfs::Result<std::vector<std::string>> modules_for(const std::string& modalias) override {
        return local_.modules_for(modalias);
    }
    sysfs::Usage usage(const sysfs::Inventory& inventory, std::span<const sysfs::DeviceId> devices) override;

  private:
    sysfs::Kernel& local_;
    Daemon& daemon_;
    const binding::Picture& picture_;
};

}  // namespace vfioctl
