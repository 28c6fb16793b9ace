// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/try.hpp"
#include "sysfs/device/device.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/module/drivers.hpp"
#include "sysfs/usage/usage.hpp"

namespace sysfs {

/// A device to write to, with its identity: the write happens only if the opened directory shows
/// the same identity.
struct DeviceTarget {
    DeviceId id;
    Identity identity;
};

/// The interface to the kernel: every write, and the reads that decisions and verifications need.
/// `LiveKernel` implements it on this machine; tests use a model with the same rules. A successful
/// write does not prove its effect, so callers read again (`device`). Any write may block forever;
/// call from a process that can be abandoned.
class Kernel {
  public:
    Kernel() = default;
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    Kernel(Kernel&&) = delete;
    Kernel& operator=(Kernel&&) = delete;
    virtual ~Kernel() = default;

    [[nodiscard]] virtual base::Result<Inventory> inventory(const ScanOptions& wanted) = 0;
    /// Reads one device.
    [[nodiscard]] virtual base::Result<Device> device(const DeviceId& id) = 0;
    /// Reads some devices and their groups. Absent ones are omitted.
    [[nodiscard]] virtual base::Result<Inventory> devices(std::span<const DeviceId> ids,
                                                          const ScanOptions& wanted) = 0;
    /// Identity, driver, override and VFIO nodes of a device, other fields empty. Read before and
    /// after every write, so it must be cheap.
    [[nodiscard]] virtual base::Result<Device> binding_state(const DeviceId& id) {
        return device(id);
    }
    /// Is it there with this identity? Read without taking the device's lock, so that the answer
    /// does not wait for a driver.
    [[nodiscard]] virtual bool is_present(const DeviceTarget& target) {
        const auto now = binding_state(target.id);
        return now && now->identity() == target.identity;
    }
    /// A property in udev's database that a rule has set; nothing when there is none.
    [[nodiscard]] virtual std::optional<std::string> property(const DeviceId& /*id*/,
                                                              const std::string& /*name*/) {
        return std::nullopt;
    }
    /// One attribute of the device; nothing when it has none of this name.
    [[nodiscard]] virtual std::optional<std::string> attribute(const DeviceTarget& /*target*/,
                                                               const std::string& /*name*/) {
        return std::nullopt;
    }
    [[nodiscard]] virtual base::Result<Drivers> drivers(const ScanOptions& wanted) = 0;
    /// The modules whose aliases claim a modalias, as modprobe resolves it; normalised names, best
    /// first. None is no error.
    [[nodiscard]] virtual base::Result<std::vector<std::string>> modules_for(
        const std::string& modalias) = 0;
    /// The driver that a module has registered on a bus; nothing while it is not loaded.
    /// Implementations may override this with a cheaper read than drivers().
    [[nodiscard]] virtual base::Result<std::optional<std::string>> driver_for(
        const std::string& bus, const std::string& module) {
        return TRY(drivers({})).driver_for(bus, module);
    }
    /// Is a driver of that name registered on the bus?
    [[nodiscard]] virtual base::Result<bool> has_driver(const std::string& bus,
                                                        const std::string& driver) {
        return TRY(drivers({})).is_registered(bus, driver);
    }
    [[nodiscard]] virtual Usage usage(const Inventory& inventory,
                                      std::span<const DeviceId> devices) = 0;

    /// Loads a module with its dependencies, honouring modprobe's configuration. Loaded already:
    /// done.
    [[nodiscard]] virtual base::Result<void> load_module(const std::string& module) = 0;
    /// Writes driver_override; an empty driver clears it. Binds nothing, loads nothing.
    [[nodiscard]] virtual base::Result<void> set_override(const DeviceTarget& target,
                                                          const std::string& driver) = 0;
    /// drivers/<driver>/unbind: ENODEV when it is not bound to that driver.
    [[nodiscard]] virtual base::Result<void> unbind(const DeviceTarget& target,
                                                    const std::string& driver) = 0;
    /// drivers/<driver>/bind: the probe's own errno. Never drivers_probe, never new_id.
    [[nodiscard]] virtual base::Result<void> bind(const DeviceTarget& target,
                                                  const std::string& driver) = 0;
    /// One attribute of the device, one write.
    [[nodiscard]] virtual base::Result<void> write_attr(const DeviceTarget& target,
                                                        const std::string& attr,
                                                        const std::string& value) = 0;
    /// `parent` is a name in /sys/class/mdev_bus.
    [[nodiscard]] virtual base::Result<void> create_mdev(const std::string& parent,
                                                         const std::string& type,
                                                         const std::string& uuid) = 0;
    [[nodiscard]] virtual base::Result<void> remove_mdev(const std::string& uuid) = 0;
    /// Writes sriov_numvfs. The kernel accepts a change between two nonzero counts only through 0.
    [[nodiscard]] virtual base::Result<void> set_vfs(const DeviceTarget& pf,
                                                     std::uint32_t count) = 0;
    /// Sets owner and mode of a node below /dev/vfio ("15", "devices/vfio3"); returns the previous
    /// ones.
    [[nodiscard]] virtual base::Result<NodeAccess> set_access(const std::string& node,
                                                              const NodeAccess& access) = 0;
};

}  // namespace sysfs
