// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sysfs/held_device.hpp"
#include "sysfs/kernel.hpp"

namespace sysfs {

/// The kernel this process runs on: the only code of the house that writes to it. Has no root but
/// "/": a captured host is no kernel. Every write to a device goes through a directory that was
/// checked to be the device's (see target.hpp, held_device.hpp). Not for several threads: the
/// device last looked at is kept.
class LiveKernel final : public Kernel {
  public:
    [[nodiscard]] Result<Inventory> inventory(const Wanted& wanted) override;
    [[nodiscard]] Result<Device> device(const DeviceId& id) override;
    [[nodiscard]] Result<Inventory> devices(std::span<const DeviceId> ids,
                                            const Wanted& wanted) override;
    [[nodiscard]] Result<Device> standing(const DeviceId& id) override;
    [[nodiscard]] std::optional<std::string> property(const DeviceId& id,
                                                      const std::string& name) override;
    [[nodiscard]] Result<Drivers> drivers(const Wanted& wanted) override;
    [[nodiscard]] Result<std::vector<std::string>> modules_for(
        const std::string& modalias) override;
    [[nodiscard]] Result<std::optional<std::string>> driver_of(const std::string& bus,
                                                               const std::string& module) override;
    [[nodiscard]] Usage usage(const Inventory& inventory,
                              std::span<const DeviceId> devices) override;

    [[nodiscard]] Result<void> load_module(const std::string& module) override;
    [[nodiscard]] Result<void> set_override(const Target& target,
                                            const std::string& driver) override;
    [[nodiscard]] Result<void> unbind(const Target& target, const std::string& driver) override;
    [[nodiscard]] Result<void> bind(const Target& target, const std::string& driver) override;
    [[nodiscard]] Result<void> write_attr(const Target& target, const std::string& attr,
                                          const std::string& value) override;
    [[nodiscard]] Result<void> create_mdev(const std::string& parent, const std::string& type,
                                           const std::string& uuid) override;
    [[nodiscard]] Result<void> remove_mdev(const std::string& uuid) override;
    [[nodiscard]] Result<void> set_vfs(const Target& pf, std::uint32_t count) override;
    /// Waits up to a second for the node: devtmpfs makes it a moment after the bind returns.
    [[nodiscard]] Result<NodeAccess> set_access(const std::string& node,
                                                const NodeAccess& access) override;

  private:
    HeldDevice held_{Root{}};
};

}  // namespace sysfs
