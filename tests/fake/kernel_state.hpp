// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/kernel/kernel.hpp"
#include "sysfs/module/drivers.hpp"
#include "sysfs/usage/usage.hpp"
#include "tests/fake/host.hpp"

namespace fake {

/// A driver that a module brings, or that is built in (`module` empty): which modaliases its id
/// table matches (fnmatch), and whether those ids count only with an override, as VFIO drivers' do.
struct DriverSpec {
    std::string bus;
    std::string name;
    std::string module;
    std::vector<std::string> ids;
    bool override_only = false;
};

/// A probe that fails, for the next `times` tries.
struct ProbeRefusal {
    sysfs::DeviceId device;
    std::string driver;
    int errnum = 0;
    unsigned times = 0;
};

/// A process that holds a VFIO device open: its unbind blocks until it is closed.
struct OpenHolder {
    sysfs::DeviceId device;
    std::string holder;  ///< "qemu (pid 712)"
};

/// A VF that the kernel has not made yet.
struct LateVf {
    std::string pf;
    std::uint32_t index = 0;
};

enum class KillScope {
    kProcess,       ///< the process that reaches the moment
    kProcessGroup,  ///< all at once, as an OOM kill of a unit would
    kParent,        ///< the group's leader alone
};

/// The failures to inject, and when. Steps count the writes from 1; moments count before and after
/// each write to the kernel and to the journal.
struct FaultPlan {
    std::map<unsigned, int> fail;   ///< step → errno, with no effect
    std::set<unsigned> hang;        ///< steps that do not return
    std::set<std::string> hang_on;  ///< "unbind 0000:01:00.0": verbs that do not return
    unsigned kill_at = 0;           ///< moment; 0: never
    KillScope death = KillScope::kProcess;
    unsigned late_vfs = 0;      ///< reads of a PF before another VF appears
    bool late_nodes = false;    ///< VFIO nodes appear with the second read
    bool no_nodes = false;      ///< ... never
    bool hide_holders = false;  ///< holders show only while an unbind waits for them
};

/// The whole state of the model: a value, saved and loaded as one.
struct KernelState {
    sysfs::Host host;
    std::map<sysfs::DeviceId, sysfs::Device> devices;
    std::map<int, std::string> group_types;
    sysfs::Drivers drivers;
    std::vector<DriverSpec> specs;
    std::map<sysfs::DeviceId, std::vector<sysfs::Use>> uses;
    std::vector<OpenHolder> opened;
    std::vector<ProbeRefusal> refusals;
    std::set<sysfs::DeviceId> leaving;  ///< an unbind waits for their last close
    std::map<std::string, sysfs::NodeAccess> access;
    std::vector<LateVf> late_vfs;
    std::map<std::string, std::vector<sysfs::MdevType>> parent_types;  ///< driver → types it offers
    std::set<std::string> denylist;  ///< "8086:37c8": vfio-pci refuses them
    std::map<sysfs::DeviceId, std::vector<std::string>> netdevs;  ///< of devices that lost theirs
    bool ap_masks_default = true;                                 ///< apmask and aqmask all ones
    FaultPlan faults;
    unsigned next_vfio = 0;
    int next_group = 100;  ///< of those that the model makes; the lowest that is free
    std::uint64_t last_incarnation = 0;
    unsigned writes = 0;
    std::vector<std::string> trace;  ///< every write and its result

    /// The state of the host: its drivers' id tables are taken from the devices they are bound to,
    /// VFIO modules register a driver of their own name, but vfio_pci the driver vfio-pci.
    [[nodiscard]] static KernelState from(const Host& host);

    /// The module registers this driver, whose name may differ from the module's.
    KernelState& module_brings(const std::string& module, const std::string& driver,
                               const std::vector<std::string>& ids);
    KernelState& refuse(const sysfs::DeviceId& device, const std::string& driver, int errnum,
                        unsigned times = 1000);
    KernelState& open(const sysfs::DeviceId& device, const std::string& holder);

    [[nodiscard]] const DriverSpec* spec(const std::string& bus, const std::string& driver) const;
    [[nodiscard]] bool is_open(const sysfs::DeviceId& device) const;
    [[nodiscard]] sysfs::Inventory inventory() const;
};

/// JSON text; missing fields have their defaults.
[[nodiscard]] std::string to_text(const KernelState& world);
[[nodiscard]] KernelState parse_kernel_state(const std::string& text);

}  // namespace fake
