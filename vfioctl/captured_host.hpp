// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <utility>

#include "sysfs/kernel.hpp"
#include "sysfs/root.hpp"

namespace vfioctl {

/// A host that is a directory (`--root`): everything can be read, nothing can be written, since a
/// directory is no kernel. Every verb that would write answers kUnsupported.
class CapturedHost final : public sysfs::Kernel {
  public:
    explicit CapturedHost(sysfs::Root root) : root_(std::move(root)) {}

    sysfs::Result<sysfs::Inventory> inventory(const sysfs::Wanted& wanted) override;
    sysfs::Result<sysfs::Device> device(const sysfs::DeviceId& id) override;
    sysfs::Result<sysfs::Inventory> devices(std::span<const sysfs::DeviceId> ids,
                                            const sysfs::Wanted& wanted) override;
    sysfs::Result<sysfs::Drivers> drivers(const sysfs::Wanted& wanted) override;
    sysfs::Result<std::vector<std::string>> modules_for(const std::string& modalias) override;
    sysfs::Usage usage(const sysfs::Inventory& inventory,
                       std::span<const sysfs::DeviceId> devices) override;

    sysfs::Result<void> load_module(const std::string& module) override;
    sysfs::Result<void> set_override(const sysfs::Target& target, const std::string& driver) override;
    sysfs::Result<void> unbind(const sysfs::Target& target, const std::string& driver) override;
    sysfs::Result<void> bind(const sysfs::Target& target, const std::string& driver) override;
    sysfs::Result<void> write_attr(const sysfs::Target& target, const std::string& attr,
                                   const std::string& value) override;
    sysfs::Result<void> create_mdev(const std::string& parent, const std::string& type,
                                    const std::string& uuid) override;
    sysfs::Result<void> remove_mdev(const std::string& uuid) override;
    sysfs::Result<void> set_vfs(const sysfs::Target& pf, std::uint32_t count) override;
    sysfs::Result<sysfs::NodeAccess> set_access(const std::string& node,
                                                const sysfs::NodeAccess& access) override;

  private:
    sysfs::Root root_;
};

}  // namespace vfioctl
