// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fake/kernel_state.hpp"

#include <algorithm>

#include "sysfs/device/names.hpp"

namespace fake {
namespace {

/// "vfio_pci" of "vfio_pci:v*d*": the prefix is the bus' VFIO one.
std::string bus_of_alias(const std::string& pattern) {
    const std::string prefix = pattern.substr(0, pattern.find(':'));
    return prefix.starts_with("vfio_") ? prefix.substr(5) : prefix;
}

std::string native_pattern(const std::string& vfio_pattern) {
    return vfio_pattern.starts_with("vfio_") ? vfio_pattern.substr(5) : vfio_pattern;
}

void add_id(std::vector<DriverSpec>& specs, const std::string& bus, const std::string& driver,
            const std::string& module, const std::string& id) {
    for (DriverSpec& spec : specs)
        if (spec.bus == bus && spec.name == driver) {
            if (!id.empty())
                spec.ids.push_back(id);
            return;
        }
    DriverSpec spec{bus, driver, module, {}, sysfs::is_vfio_driver(driver)};
    if (!id.empty())
        spec.ids.push_back(id);
    specs.push_back(std::move(spec));
}

}  // namespace

KernelState KernelState::from(const Host& host) {
    KernelState world;
    const sysfs::Inventory inventory = host.inventory();
    world.host = inventory.host;
    for (const sysfs::Device& device : inventory.devices)
        world.devices[device.id] = device;
    for (const auto& [id, group] : inventory.groups)
        world.group_types[id] = group.type;
    world.drivers = host.drivers();
    world.uses = host.usage();
    for (const auto& [bus, drivers] : world.drivers.registered)
        for (const auto& [driver, module] : drivers)
            add_id(world.specs, bus, driver, module, {});
    for (const auto* aliases : {&world.drivers.aliases, &world.drivers.native_aliases})
        for (const sysfs::ModuleAlias& alias : *aliases) {
            const std::string driver = alias.module == "vfio_pci" ? "vfio-pci" : alias.module;
            add_id(world.specs, bus_of_alias(alias.pattern), driver, alias.module,
                   native_pattern(alias.pattern));
        }
    for (const auto& [id, device] : world.devices)
        if (device.driver && !sysfs::is_vfio_driver(*device.driver))
            add_id(world.specs, id.bus, *device.driver,
                   world.drivers.registered[id.bus][*device.driver], device.modalias);
    return world;
}

KernelState& KernelState::module_brings(const std::string& module, const std::string& driver,
                                        const std::vector<std::string>& ids) {
    const std::string name = sysfs::normalise_module(module);
    std::erase_if(specs, [&](const DriverSpec& s) { return s.module == name; });
    specs.push_back({"pci", driver, name, ids, sysfs::is_vfio_driver(driver)});
    drivers.modules.try_emplace(name, sysfs::ModuleState::kAvailable);
    return *this;
}

KernelState& KernelState::refuse(const sysfs::DeviceId& device, const std::string& driver,
                                 int errnum, unsigned times) {
    refusals.push_back({device, driver, errnum, times});
    return *this;
}

KernelState& KernelState::open(const sysfs::DeviceId& device, const std::string& holder) {
    opened.push_back({device, holder});
    return *this;
}

const DriverSpec* KernelState::spec(const std::string& bus, const std::string& driver) const {
    for (const DriverSpec& one : specs)
        if (one.bus == bus && one.name == driver)
            return &one;
    return nullptr;
}

bool KernelState::is_open(const sysfs::DeviceId& device) const {
    return std::any_of(opened.begin(), opened.end(),
                       [&](const OpenHolder& one) { return one.device == device; });
}

sysfs::Inventory KernelState::inventory() const {
    sysfs::Inventory inventory;
    inventory.host = host;
    for (const auto& [id, device] : devices) {
        inventory.devices.push_back(device);
        if (!device.iommu_group)
            continue;
        sysfs::Group& group = inventory.groups[*device.iommu_group];
        group.id = *device.iommu_group;
        const auto type = group_types.find(group.id);
        group.type = type == group_types.end() ? "DMA-FQ" : type->second;
        group.devices.push_back(id);
    }
    inventory.rebuild_index();
    return inventory;
}

}  // namespace fake
