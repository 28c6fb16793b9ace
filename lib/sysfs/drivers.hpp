// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sysfs/device.hpp"
#include "sysfs/inventory.hpp"
#include "sysfs/result.hpp"
#include "sysfs/root.hpp"

namespace sysfs {

/// One line of modules.alias (or of the built-in ones) whose prefix is a VFIO one.
struct Alias {
    std::string pattern;  ///< "vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*"
    std::string module;   ///< normalised: "virtio_vfio_pci"

    auto operator<=>(const Alias&) const = default;
};

/// How far a module is from running.
enum class ModuleState {
    kMissing,    ///< this kernel does not have it
    kAvailable,  ///< could be loaded
    kDenied,     ///< modprobe configuration or the command line denies it ("blacklist")
    kLoaded,
    kBuiltin,
};

/// What this kernel could bind a device to: the aliases, the modules asked about and the drivers
/// registered now. A module's name and its driver's are two things; only `registered` knows both.
struct Drivers {
    std::vector<Alias> aliases;
    std::map<std::string, ModuleState> modules;  ///< by normalised name: those of aliases and of Wanted
    /// bus → driver → module that registered it ("" when the kernel does not say).
    std::map<std::string, std::map<std::string, std::string>> registered;
    std::vector<std::string> warnings;  ///< "modules.alias: Permission denied; variants are not known"

    [[nodiscard]] bool is_registered(const std::string& bus, const std::string& driver) const;
    [[nodiscard]] ModuleState module_state(std::string_view module) const;
    /// The driver that `module` registered on `bus`, once it is loaded.
    [[nodiscard]] std::optional<std::string> driver_of(const std::string& bus,
                                                       std::string_view module) const;
};

/// An alias that claims a device, and how specifically.
struct AliasMatch {
    Alias alias;
    unsigned wildcards = 0;  ///< '*' fields in the pattern (the trailing one of a class not counted)
};

/// The VFIO aliases that claim `device`, most specific first: its modalias with the prefix swapped for
/// the bus's VFIO one, matched with fnmatch(3) against each whole pattern. Empty for a bus without.
[[nodiscard]] std::vector<AliasMatch> matching_aliases(const Drivers& drivers, const Device& device);

/// The driver that serves any device of a bus: "vfio-pci" on pci, "vfio-platform" on platform, ...
struct GenericDriver {
    std::string bus;
    std::string driver;
};
/// Of all buses that VFIO knows.
[[nodiscard]] const std::vector<GenericDriver>& generic_vfio_drivers();
/// Nothing for other buses.
[[nodiscard]] std::optional<std::string> generic_vfio_driver(std::string_view bus);

[[nodiscard]] Result<Drivers> read_drivers(const Root& root, const Wanted& wanted);

/// The modules that claim a modalias in this root's kernel, normalised, without those that are denied;
/// none is no failure.
[[nodiscard]] Result<std::vector<std::string>> modules_for(const Root& root,
                                                           const std::string& modalias);

}  // namespace sysfs
