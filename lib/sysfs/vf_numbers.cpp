// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/vf_numbers.hpp"

#include <set>

#include "sysfs/read_device.hpp"
#include "sysfs/sriov.hpp"

namespace sysfs {

VfNumbers::VfNumbers(std::span<const Device> devices) {
    for (const Device& device : devices)
        if (device.sriov)
            add(device.id.name, *device.sriov);
}

VfNumbers VfNumbers::of(const Root& root, std::span<const Device> devices) {
    VfNumbers numbers(devices);
    numbers.ask_absent_pfs(root, devices);
    return numbers;
}

void VfNumbers::add(const std::string& pf, const SriovPf& sriov) {
    for (const auto& [index, name] : sriov.vfs)
        numbers_.emplace(name, SriovVf{.pf = pf, .index = index});
}

void VfNumbers::ask_absent_pfs(const Root& root, std::span<const Device> devices) {
    std::set<std::string> absent;
    for (const Device& device : devices)
        if (device.vf)
            absent.insert(device.vf->pf);
    for (const Device& device : devices)
        if (device.id.bus == "pci")
            absent.erase(device.id.name);
    for (const std::string& pf : absent) {
        const auto all = Dir::open(root.path(devices_path("pci")));
        const auto device = all ? DeviceDir::open(*all, pf) : propagate(all);
        if (const auto sriov = device ? read_pf(*device) : std::nullopt)
            add(pf, *sriov);
    }
}

void VfNumbers::put_into(std::span<Device> devices) const {
    for (Device& device : devices) {
        if (!device.vf)
            continue;
        const auto at = numbers_.find(device.id.name);
        device.vf = at != numbers_.end() && at->second.pf == device.vf->pf ? std::optional(at->second)
                                                                           : std::nullopt;
    }
}

}  // namespace sysfs
