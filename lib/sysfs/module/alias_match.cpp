// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module/alias_match.hpp"

#include <fnmatch.h>

#include <algorithm>

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

}  // namespace sysfs
