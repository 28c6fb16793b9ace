// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sysfs/kernel/device_handle.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace sysfs {

/// The running kernel: the only code that writes to it. There is no root parameter, since a
/// captured host has no kernel. Every write to a device goes through a directory whose identity was
/// checked (device_target.hpp, device_handle.hpp). Not thread-safe: the last device's directory is
/// cached.
///
/// With kAbandon no scan and no look for users hangs, in the process that has made it. A process
/// forked from that one can be abandoned as a whole, and waits.
class LiveKernel final : public Kernel {
  public:
    explicit LiveKernel(HangingReads hanging = HangingReads::kWait)
        : hanging_(hanging), process_(::getpid()) {}

    [[nodiscard]] base::Result<Inventory> inventory(const ScanOptions& wanted) override;
    [[nodiscard]] base::Result<Device> device(const DeviceId& id) override;
    [[nodiscard]] base::Result<Inventory> devices(std::span<const DeviceId> ids,
                                                  const ScanOptions& wanted) override;
    [[nodiscard]] base::Result<Device> binding_state(const DeviceId& id) override;
    [[nodiscard]] bool is_present(const DeviceTarget& target) override;
    [[nodiscard]] std::optional<std::string> attribute(const DeviceTarget& target,
                                                       const std::string& name) override;
    [[nodiscard]] std::optional<std::string> property(const DeviceId& id,
                                                      const std::string& name) override;
    [[nodiscard]] base::Result<Drivers> drivers(const ScanOptions& wanted) override;
    [[nodiscard]] base::Result<std::vector<std::string>> modules_for(
        const std::string& modalias) override;
    [[nodiscard]] base::Result<std::optional<std::string>> driver_for(
        const std::string& bus, const std::string& module) override;
    [[nodiscard]] base::Result<bool> has_driver(const std::string& bus,
                                                const std::string& driver) override;
    [[nodiscard]] Usage usage(const Inventory& inventory,
                              std::span<const DeviceId> devices) override;

    [[nodiscard]] base::Result<void> load_module(const std::string& module) override;
    [[nodiscard]] base::Result<void> set_override(const DeviceTarget& target,
                                                  const std::string& driver) override;
    [[nodiscard]] base::Result<void> unbind(const DeviceTarget& target,
                                            const std::string& driver) override;
    [[nodiscard]] base::Result<void> bind(const DeviceTarget& target,
                                          const std::string& driver) override;
    [[nodiscard]] base::Result<void> write_attr(const DeviceTarget& target, const std::string& attr,
                                                const std::string& value) override;
    [[nodiscard]] base::Result<void> create_mdev(const std::string& parent, const std::string& type,
                                                 const std::string& uuid) override;
    [[nodiscard]] base::Result<void> remove_mdev(const std::string& uuid) override;
    [[nodiscard]] base::Result<void> set_vfs(const DeviceTarget& pf, std::uint32_t count) override;
    /// Waits up to a second for the node: devtmpfs creates it shortly after the bind returns.
    [[nodiscard]] base::Result<NodeAccess> set_access(const std::string& node,
                                                      const NodeAccess& access) override;

  private:
    [[nodiscard]] HangingReads hanging() const {
        return process_ == ::getpid() ? hanging_ : HangingReads::kWait;
    }

    HangingReads hanging_;
    pid_t process_;
    DeviceHandle handle_{Root{}};
};

}  // namespace sysfs
