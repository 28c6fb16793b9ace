// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>

#include "sysfs/kernel/kernel.hpp"
#include "tests/fake/shared_kernel_state.hpp"

namespace fake {

/// A model of the kernel: the rules of kernel_rules.hpp over a KernelState in a file, which all
/// processes that open the file share. As with the real kernel, writes block and fail; the
/// FaultPlan can make them hang or kill the process.
class FakeKernel final : public sysfs::Kernel {
  public:
    /// Opens the state in `path`, which create() or a test has written.
    explicit FakeKernel(const std::string& path) : world_(path) {}
    static void create(const std::string& path, const KernelState& world);

    [[nodiscard]] base::Result<sysfs::Inventory> inventory(
        const sysfs::ScanOptions& wanted) override;
    /// Blocks while an unbind of the device does: driver_override is read under the device's lock.
    [[nodiscard]] base::Result<sysfs::Device> device(const sysfs::DeviceId& id) override;
    [[nodiscard]] base::Result<sysfs::Inventory> devices(std::span<const sysfs::DeviceId> ids,
                                                         const sysfs::ScanOptions& wanted) override;
    [[nodiscard]] std::optional<std::string> attribute(const sysfs::DeviceTarget& target,
                                                       const std::string& name) override;
    [[nodiscard]] std::optional<std::string> property(const sysfs::DeviceId& id,
                                                      const std::string& name) override;
    [[nodiscard]] base::Result<sysfs::Drivers> drivers(const sysfs::ScanOptions& wanted) override;
    [[nodiscard]] base::Result<std::vector<std::string>> modules_for(
        const std::string& modalias) override;
    [[nodiscard]] sysfs::Usage usage(const sysfs::Inventory& inventory,
                                     std::span<const sysfs::DeviceId> devices) override;

    [[nodiscard]] base::Result<void> load_module(const std::string& module) override;
    [[nodiscard]] base::Result<void> set_override(const sysfs::DeviceTarget& target,
                                                  const std::string& driver) override;
    [[nodiscard]] base::Result<void> unbind(const sysfs::DeviceTarget& target,
                                            const std::string& driver) override;
    [[nodiscard]] base::Result<void> bind(const sysfs::DeviceTarget& target,
                                          const std::string& driver) override;
    [[nodiscard]] base::Result<void> write_attr(const sysfs::DeviceTarget& target,
                                                const std::string& attr,
                                                const std::string& value) override;
    [[nodiscard]] base::Result<void> create_mdev(const std::string& parent, const std::string& type,
                                                 const std::string& uuid) override;
    [[nodiscard]] base::Result<void> remove_mdev(const std::string& uuid) override;
    [[nodiscard]] base::Result<void> set_vfs(const sysfs::DeviceTarget& pf,
                                             std::uint32_t count) override;
    [[nodiscard]] base::Result<sysfs::NodeAccess> set_access(
        const std::string& node, const sysfs::NodeAccess& access) override;

    // Events outside the program under test.
    /// Called right before and right after each write, with its number: another program's write, a
    /// device that is unplugged, a kill. Forked processes inherit it.
    enum class Moment { kBefore, kAfter };
    std::function<void(unsigned step, Moment, KernelState&)> on_write;
    [[nodiscard]] KernelState state() { return world_.read(); }
    void change(const std::function<void(KernelState&)>& change) { world_.change(change); }
    void close(const sysfs::DeviceId& device);
    /// A moment at which the script may kill the process; StateDir::on_write calls it too. Returns
    /// the moment's number.
    unsigned crash_point(const std::string& what);

  private:
    using KernelRule = std::function<int(KernelState&)>;
    [[nodiscard]] base::Result<void> write(const std::string& verb, const std::string& what,
                                           const std::string& object, const KernelRule& rule);
    [[nodiscard]] base::Result<void> write_to(
        const sysfs::DeviceTarget& target, const std::string& verb, const std::string& what,
        const std::function<int(KernelState&, sysfs::Device&)>& rule);
    void wait_until(const std::function<bool(const KernelState&)>& holds);

    SharedKernelState world_;
};

}  // namespace fake
