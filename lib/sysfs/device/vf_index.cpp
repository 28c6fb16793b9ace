// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/vf_index.hpp"

#include <set>

#include "sysfs/device/device_reader.hpp"
#include "sysfs/device/sriov.hpp"

namespace sysfs {

VfIndexTable::VfIndexTable(std::span<const Device> devices) {
    for (const Device& device : devices)
        if (device.sriov)
            add(device.id.name, *device.sriov);
}

VfIndexTable VfIndexTable::read(const Root& root, std::span<const Device> devices) {
    VfIndexTable table(devices);
    table.read_absent_pfs(root, devices);
    return table;
}

void VfIndexTable::add(const std::string& pf, const SriovPf& sriov) {
    for (const auto& [index, name] : sriov.vfs)
        vfs_.emplace(name, SriovVf{.pf = pf, .index = index});
}

void VfIndexTable::read_absent_pfs(const Root& root, std::span<const Device> devices) {
    std::set<std::string> absent;
    for (const Device& device : devices)
        if (device.vf)
            absent.insert(device.vf->pf);
    for (const Device& device : devices)
        if (device.id.bus == "pci")
            absent.erase(device.id.name);
    for (const std::string& pf : absent) {
        const auto all = base::Dir::open(root.path(devices_path("pci")));
        const auto device = all ? DeviceDir::open(*all, pf) : base::propagate(all);
        if (const auto sriov = device ? read_pf(root, *device) : std::nullopt)
            add(pf, *sriov);
    }
}

void VfIndexTable::apply_to(std::span<Device> devices) const {
    for (Device& device : devices) {
        if (!device.vf)
            continue;
        const auto at = vfs_.find(device.id.name);
        device.vf = at != vfs_.end() && at->second.pf == device.vf->pf ? std::optional(at->second)
                                                                       : std::nullopt;
    }
}

}  // namespace sysfs
