// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sysfs/device/device.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/module/drivers.hpp"
#include "sysfs/usage/usage.hpp"

namespace sysfs {

/// A device to be written to, and who it must be: the write happens only if the directory that is
/// opened still shows this identity.
struct DeviceTarget {
    DeviceId id;
    Identity identity;
};

/// The one seam to the kernel: every write there is, and the looks that a decision or a
/// verification needs. `LiveKernel` does it on this machine; tests have a model that obeys the same
/// rules. No verb promises more than the kernel does: success of a write is not success of its
/// purpose, so callers look again (`device`). Any write may never return; call from a process you
/// can lose.
class Kernel {
  public:
    Kernel() = default;
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    Kernel(Kernel&&) = delete;
    Kernel& operator=(Kernel&&) = delete;
    virtual ~Kernel() = default;

    [[nodiscard]] virtual base::Result<Inventory> inventory(const ScanOptions& wanted) = 0;
    /// One device, fresh: its driver, override and nodes as they are now.
    [[nodiscard]] virtual base::Result<Device> device(const DeviceId& id) = 0;
    /// Some devices again, with what `wanted` asks for, and their groups. Those that are not there
    /// are left out of the answer.
    [[nodiscard]] virtual base::Result<Inventory> devices(std::span<const DeviceId> ids,
                                                          const ScanOptions& wanted) = 0;
    /// How it stands: identity, driver, override and VFIO nodes, the rest left empty. Looked at
    /// before and after every write, so it must cost no more than it has to.
    [[nodiscard]] virtual base::Result<Device> binding_state(const DeviceId& id) {
        return device(id);
    }
    /// What udev keeps of a device under that name (a rule's note); nothing when there is none.
    [[nodiscard]] virtual std::optional<std::string> property(const DeviceId& /*id*/,
                                                              const std::string& /*name*/) {
        return std::nullopt;
    }
    [[nodiscard]] virtual base::Result<Drivers> drivers(const ScanOptions& wanted) = 0;
    /// The modules whose aliases claim a modalias, as modprobe would resolve it (a native driver's,
    /// or a VFIO one's after its prefix is swapped); normalised names, best first. None is no
    /// failure.
    [[nodiscard]] virtual base::Result<std::vector<std::string>> modules_for(
        const std::string& modalias) = 0;
    /// The driver that a module has registered on a bus; nothing while it is not loaded. A module's
    /// name says nothing of its driver's. Asked once a transaction, so worth a cheaper way than all
    /// drivers.
    [[nodiscard]] virtual base::Result<std::optional<std::string>> driver_for(
        const std::string& bus, const std::string& module) {
        const auto known = drivers({});
        if (!known)
            return base::propagate(known);
        return known->driver_for(bus, module);
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
    /// sriov_numvfs, as it is: 0 first is the caller's business.
    [[nodiscard]] virtual base::Result<void> set_vfs(const DeviceTarget& pf,
                                                     std::uint32_t count) = 0;
    /// Owner and mode of a node below /dev/vfio ("15", "devices/vfio3"); returns what was there
    /// before.
    [[nodiscard]] virtual base::Result<NodeAccess> set_access(const std::string& node,
                                                              const NodeAccess& access) = 0;
};

}  // namespace sysfs
