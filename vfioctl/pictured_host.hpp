// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <utility>

#include "sysfs/kernel.hpp"
#include "vfioctl/daemon.hpp"

namespace vfioctl {

/// This host through the daemon: its devices as the daemon sees them, and who uses them, which takes rights that we may
/// not have. What the daemon does not keep (serial numbers, slots, which drivers this kernel has) is for anyone to read, and is
/// read here. Nothing can be written: the daemon does that.
class PicturedHost final : public sysfs::Kernel {
  public:
    PicturedHost(sysfs::Kernel& local, Daemon& daemon, const binding::Picture& picture)
        : local_(local), daemon_(daemon), picture_(picture) {}

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
    sysfs::Kernel& local_;
    Daemon& daemon_;
    const binding::Picture& picture_;
};

}  // namespace vfioctl
