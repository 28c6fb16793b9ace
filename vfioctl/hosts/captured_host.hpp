// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <utility>

#include "sysfs/host/root.hpp"
#include "vfioctl/hosts/read_only_host.hpp"

namespace vfioctl {

/// A host that is a directory (`--root`): everything can be read.
class CapturedHost final : public ReadOnlyHost {
  public:
    explicit CapturedHost(sysfs::Root root)
        : ReadOnlyHost("not possible below --root (no kernel)"), root_(std::move(root)) {}

    base::Result<sysfs::Inventory> inventory(const sysfs::ScanOptions& wanted) override;
    base::Result<sysfs::Device> device(const sysfs::DeviceId& id) override;
    base::Result<sysfs::Inventory> devices(std::span<const sysfs::DeviceId> ids,
                                           const sysfs::ScanOptions& wanted) override;
    base::Result<sysfs::Drivers> drivers(const sysfs::ScanOptions& wanted) override;
    base::Result<std::vector<std::string>> modules_for(const std::string& modalias) override;
    sysfs::Usage usage(const sysfs::Inventory& inventory,
                       std::span<const sysfs::DeviceId> devices) override;

  private:
    sysfs::Root root_;
};

}  // namespace vfioctl
