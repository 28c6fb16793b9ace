// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <utility>

#include "sysfs/root.hpp"
#include "vfioctl/read_only_host.hpp"

namespace vfioctl {

/// A host that is a directory (`--root`): everything can be read.
class CapturedHost final : public ReadOnlyHost {
  public:
    explicit CapturedHost(sysfs::Root root)
        : ReadOnlyHost("a directory is no kernel"), root_(std::move(root)) {}

    sysfs::Result<sysfs::Inventory> inventory(const sysfs::Wanted& wanted) override;
    sysfs::Result<sysfs::Device> device(const sysfs::DeviceId& id) override;
    sysfs::Result<sysfs::Inventory> devices(std::span<const sysfs::DeviceId> ids,
                                            const sysfs::Wanted& wanted) override;
    sysfs::Result<sysfs::Drivers> drivers(const sysfs::Wanted& wanted) override;
    sysfs::Result<std::vector<std::string>> modules_for(const std::string& modalias) override;
    sysfs::Usage usage(const sysfs::Inventory& inventory,
                       std::span<const sysfs::DeviceId> devices) override;

  private:
    sysfs::Root root_;
};

}  // namespace vfioctl
