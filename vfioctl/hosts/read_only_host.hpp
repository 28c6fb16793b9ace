// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <utility>

#include "sysfs/host/root.hpp"
#include "sysfs/kernel/kernel.hpp"
#include "vfioctl/client/daemon_client.hpp"

namespace vfioctl {

/// A host that can be looked at: every verb that would write answers kUnsupported, with the reason
/// that is given here.
class ReadOnlyHost : public sysfs::Kernel {
  public:
    base::Result<void> load_module(const std::string& module) final;
    base::Result<void> set_override(const sysfs::DeviceTarget& target,
                                    const std::string& driver) final;
    base::Result<void> unbind(const sysfs::DeviceTarget& target, const std::string& driver) final;
    base::Result<void> bind(const sysfs::DeviceTarget& target, const std::string& driver) final;
    base::Result<void> write_attr(const sysfs::DeviceTarget& target, const std::string& attr,
                                  const std::string& value) final;
    base::Result<void> create_mdev(const std::string& parent, const std::string& type,
                                   const std::string& uuid) final;
    base::Result<void> remove_mdev(const std::string& uuid) final;
    base::Result<void> set_vfs(const sysfs::DeviceTarget& pf, std::uint32_t count) final;
    base::Result<sysfs::NodeAccess> set_access(const std::string& node,
                                               const sysfs::NodeAccess& access) final;

  protected:
    explicit ReadOnlyHost(const char* why) : why_(why) {}

  private:
    [[nodiscard]] tl::unexpected<base::Error> refuse(const char* operation,
                                                     const std::string& object) const;
    const char* why_;
};

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
