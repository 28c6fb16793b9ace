// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/vfio_drivers.hpp"

namespace sysfs {

const std::vector<GenericDriver>& generic_vfio_drivers() {
    static const std::vector<GenericDriver> kDrivers = {
        {"amba", "vfio-amba"},         {"ap", "vfio_ap"},         {"cdx", "vfio-cdx"},
        {"css", "vfio_ccw"},           {"fsl-mc", "vfio-fsl-mc"}, {"pci", "vfio-pci"},
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
