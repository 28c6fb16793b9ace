// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module/alias_match.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "sysfs/device/names.hpp"
#include "sysfs/module/aliases.hpp"

namespace sysfs {

// A VFIO driver's alias has another prefix than the bus: "vfio_pci:" for "pci:", "vfio_cdx:" for
// "cdx:" (file2alias, since 5.16). fnmatch without flags on the whole text equals depmod's and
// modprobe's matching. Case is significant: the kernel prints both sides in upper case.
std::vector<AliasMatch> matching_aliases(const Drivers& drivers, const Device& device) {
    std::vector<AliasMatch> out;
    if (device.modalias.find(':') == std::string::npos)
        return out;
    const std::string claimed = "vfio_" + device.modalias;
    for (const ModuleAlias& alias : drivers.aliases)
        if (::fnmatch(alias.pattern.c_str(), claimed.c_str(), 0) == 0)
            out.push_back({alias, count_wildcards(alias.pattern)});
    std::stable_sort(out.begin(), out.end(), [](const AliasMatch& a, const AliasMatch& b) {
        return a.wildcards < b.wildcards;
    });
    return out;
}

// With its name as driver_override a driver without an id for the device is probed all the same
// (pci_match_device() then returns pci_device_id_any). Ids of new_id are not shown in sysfs.
std::optional<std::string> module_without_id(const Drivers& drivers, const Device& device,
                                             const std::string& driver) {
    std::string module = normalise_module(driver);
    if (drivers.is_registered(device.id.bus, driver))
        if (const std::string& owner = drivers.registered.at(device.id.bus).at(driver);
            !owner.empty())
            module = normalise_module(owner);
    const std::string kind = device.modalias.substr(0, device.modalias.find(':'));
    bool has_ids = false;
    for (const ModuleAlias& alias : drivers.native_aliases) {
        if (alias.module != module)
            continue;
        if (::fnmatch(alias.pattern.c_str(), device.modalias.c_str(), 0) == 0)
            return std::nullopt;
        // ACPI's are "acpi*:PNP0501:*".
        const std::string alias_kind = alias.pattern.substr(0, alias.pattern.find(':'));
        has_ids = has_ids || ::fnmatch(alias_kind.c_str(), kind.c_str(), 0) == 0;
    }
    return has_ids ? std::optional(module) : std::nullopt;
}

}  // namespace sysfs
