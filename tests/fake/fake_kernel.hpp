// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>

#include "sysfs/kernel.hpp"
#include "tests/fake/shared_world.hpp"

namespace fake {

/// A kernel to bind against: the rules of design/kernel.md over a World in a file, which every process
/// that opens the file shares. As unkind as the real one: writes block, refuse, and take the process
/// with them when the script says so.
class FakeKernel final : public sysfs::Kernel {
  public:
    /// Opens the world in `path`, which create() or a hand-written description has put there.
    explicit FakeKernel(const std::string& path) : world_(path) {}
    static void create(const std::string& path, const World& world);

    [[nodiscard]] sysfs::Result<sysfs::Inventory> inventory(const sysfs::Wanted& wanted) override;
    /// Blocks while an unbind of it does: driver_override is read under the device's lock.
    [[nodiscard]] sysfs::Result<sysfs::Device> device(const sysfs::DeviceId& id) override;
    [[nodiscard]] sysfs::Result<sysfs::Inventory> devices(std::span<const sysfs::DeviceId> ids,
                                                          const sysfs::Wanted& wanted) override;
    [[nodiscard]] std::optional<std::string> property(const sysfs::DeviceId& id, const std::string& name) override;
    [[nodiscard]] sysfs::Result<sysfs::Drivers> drivers(const sysfs::Wanted& wanted) override;
    [[nodiscard]] sysfs::Result<std::vector<std::string>> modules_for(
        const std::string& modalias) override;
    [[nodiscard]] sysfs::Usage usage(const sysfs::Inventory& inventory,
                                     std::span<const sysfs::DeviceId> devices) override;

    [[nodiscard]] sysfs::Result<void> load_module(const std::string& module) override;
    [[nodiscard]] sysfs::Result<void> set_override(const sysfs::Target& target,
                                                   const std::string& driver) override;
    [[nodiscard]] sysfs::Result<void> unbind(const sysfs::Target& target,
                                             const std::string& driver) override;
    [[nodiscard]] sysfs::Result<void> bind(const sysfs::Target& target,
                                           const std::string& driver) override;
    [[nodiscard]] sysfs::Result<void> write_attr(const sysfs::Target& target, const std::string& attr,
                                                 const std::string& value) override;
    [[nodiscard]] sysfs::Result<void> create_mdev(const std::string& parent, const std::string& type,
                                                  const std::string& uuid) override;
    [[nodiscard]] sysfs::Result<void> remove_mdev(const std::string& uuid) override;
    [[nodiscard]] sysfs::Result<void> set_vfs(const sysfs::Target& pf, std::uint32_t count) override;
    [[nodiscard]] sysfs::Result<sysfs::NodeAccess> set_access(
        const std::string& node, const sysfs::NodeAccess& access) override;

    // What tests and the world outside do.
    [[nodiscard]] World look() { return world_.look(); }
    void change(const std::function<void(World&)>& change) { world_.change(change); }
    void close(const sysfs::DeviceId& device);
    /// A moment at which the script may have us die: StateDir::on_write calls it too.
    void moment(const std::string& what);

  private:
    using Rule = std::function<int(World&)>;
    [[nodiscard]] sysfs::Result<void> write(const std::string& verb, const std::string& what,
                                            const std::string& object, const Rule& rule);
    [[nodiscard]] sysfs::Result<void> write_to(const sysfs::Target& target, const std::string& verb,
                                               const std::string& what,
                                               const std::function<int(World&, sysfs::Device&)>& rule);
    void wait_until(const std::function<bool(const World&)>& holds);

    SharedWorld world_;
};

}  // namespace fake
