// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/backend/group_viability.hpp"

#include "base/dir.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/device/names.hpp"

namespace vfio {

std::vector<sysfs::Blocker> find_group_blockers(const sysfs::Root& root, const std::string& group) {
    std::vector<sysfs::Blocker> blockers;
    if (!base::parse_decimal(group))
        return blockers;
    const auto members =
        base::Dir::open(root.path("/sys/kernel/iommu_groups/" + group + "/devices"));
    if (!members)
        return blockers;
    const auto names = members->entries();
    for (const std::string& name : names ? *names : std::vector<std::string>{}) {
        const auto bus = members->link_name(name + "/subsystem");
        if (!bus)
            continue;
        const auto device = sysfs::read_device(root, {*bus, name}, {});
        if (device && !sysfs::leaves_dma_alone(*device))
            blockers.push_back({.device = device->id,
                                .driver = device->driver.value_or(""),
                                .why = "its driver does DMA"});
    }
    return blockers;
}

std::string text(const std::vector<sysfs::Blocker>& blockers) {
    std::string out;
    for (const sysfs::Blocker& blocker : blockers)
        out += (out.empty() ? "" : ", ") + blocker.device.display() + " (" + blocker.driver + ")";
    return out;
}

}  // namespace vfio
