// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fnmatch.h>

#include <algorithm>

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

const std::vector<GenericDriver>& generic_vfio_drivers() {
    static const std::vector<GenericDriver> kDrivers = {
        {"amba", "vfio-amba"},
        {"ap", "vfio_ap"},
        {"cdx", "vfio-cdx"},
        {"css", "vfio_ccw"},
        {"fsl-mc", "vfio-fsl-mc"},
        {"pci", "vfio-pci"},
        {"platform", "vfio-platform"},
    };
    return kDrivers;
}

std::optional<std::string> generic_vfio_driver(std::string_view bus) {
    for (const GenericDriver& generic : generic_vfio_drivers())
        if (generic.bus == bus)
            return generic.driver;
    return std::nullopt;
}

}  // namespace sysfs
