// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sysfs/device/device.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/device/vfio_drivers.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// One line of modules.alias, or of the built-in ones.
struct ModuleAlias {
    std::string pattern;  ///< "vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*"
    std::string module;   ///< normalised: "virtio_vfio_pci"

    auto operator<=>(const ModuleAlias&) const = default;
};

/// The state of a module in this kernel.
enum class ModuleState {
    kMissing,    ///< this kernel does not have it
    kAvailable,  ///< could be loaded
    kDenied,     ///< modprobe configuration or the command line denies it ("blacklist")
    kLoaded,
    kBuiltin,
};

/// The drivers that this kernel can bind a device to: the VFIO aliases, the states of the modules
/// asked for, and the registered drivers. A module and its driver can have different names; only
/// `registered` relates them.
struct Drivers {
    std::vector<ModuleAlias> aliases;
    /// The other aliases of the modules whose drivers ScanOptions names, native drivers' ids.
    std::vector<ModuleAlias> native_aliases;
    std::map<std::string, ModuleState>
        modules;  ///< by normalised name: those of aliases and of ScanOptions
    /// bus → driver → module that registered it ("" when the kernel does not say).
    std::map<std::string, std::map<std::string, std::string>> registered;
    /// vfio-pci makes VFs only with its parameter enable_sriov (vfio_pci_sriov_configure()).
    bool vfio_pci_makes_vfs = false;
    std::vector<std::string>
        warnings;  ///< "modules.alias: Permission denied; variants are not known"

    [[nodiscard]] bool is_registered(const std::string& bus, const std::string& driver) const;
    [[nodiscard]] ModuleState module_state(std::string_view module) const;
    /// The driver that `module` registered on `bus`, once it is loaded.
    [[nodiscard]] std::optional<std::string> driver_for(const std::string& bus,
                                                        std::string_view module) const;
};

[[nodiscard]] base::Result<Drivers> read_drivers(const Root& root, const ScanOptions& wanted);

/// The modules that claim a modalias in this root's kernel, normalised, without the denied ones.
/// None is no error.
[[nodiscard]] base::Result<std::vector<std::string>> modules_for(const Root& root,
                                                                 const std::string& modalias);

}  // namespace sysfs
