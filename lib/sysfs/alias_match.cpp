// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sysfs/aliases.hpp"
#include "sysfs/drivers.hpp"

namespace sysfs {

// A VFIO driver's alias is the bus' own with another prefix: "vfio_pci:" for "pci:", "vfio_cdx:"
// for "cdx:" (file2alias, since 5.16). fnmatch without flags, on the whole text, is what depmod's
// and modprobe's matching comes to; case counts, as the kernel prints both sides in upper case.
std::vector<AliasMatch> matching_aliases(const Drivers& drivers, const Device& device) {
    std::vector<AliasMatch> out;
    if (device.modalias.find(':') == std::string::npos)
        return out;
    const std::string claimed = "vfio_" + device.modalias;
    for (const Alias& alias : drivers.aliases)
        if (::fnmatch(alias.pattern.c_str(), claimed.c_str(), 0) == 0)
            out.push_back({alias, wildcards_in(alias.pattern)});
    std::stable_sort(out.begin(), out.end(), [](const AliasMatch& a, const AliasMatch& b) {
        return a.wildcards < b.wildcards;
    });
    return out;
}

std::optional<std::string> generic_vfio_driver(std::string_view bus) {
    constexpr std::array<std::pair<std::string_view, const char*>, 7> kDrivers{{
        {"pci", "vfio-pci"},
        {"platform", "vfio-platform"},
        {"amba", "vfio-amba"},
        {"fsl-mc", "vfio-fsl-mc"},
        {"cdx", "vfio-cdx"},
        {"css", "vfio_ccw"},
        {"ap", "vfio_ap"},
    }};
    for (const auto& [name, driver] : kDrivers)
        if (name == bus)
            return driver;
    return std::nullopt;
}

}  // namespace sysfs
