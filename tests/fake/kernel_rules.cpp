// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fake/kernel_rules.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <cerrno>

#include "sysfs/device/names.hpp"

namespace fake {
namespace {

using sysfs::Device;
using sysfs::ModuleState;

constexpr std::size_t kPage = 4096;

bool matches(const std::string& pattern, const std::string& modalias) {
    return ::fnmatch(pattern.c_str(), modalias.c_str(), 0) == 0;
}

bool claims(const DriverSpec& spec, const std::string& modalias) {
    return std::any_of(spec.ids.begin(), spec.ids.end(),
                       [&](const std::string& id) { return matches(id, modalias); });
}

bool is_registered(const KernelState& world, const std::string& bus, const std::string& driver) {
    return world.drivers.is_registered(bus, driver);
}

/// driver_match_device(): an override lets its driver match and no other; override-only ids match
/// through an override alone.
bool may_match(const KernelState& world, const Device& device, const std::string& driver) {
    if (device.driver_override)
        return *device.driver_override == driver;
    const DriverSpec* spec = world.spec(device.id.bus, driver);
    return spec != nullptr && !spec->override_only && claims(*spec, device.modalias);
}

int scripted_refusal(KernelState& world, const Device& device, const std::string& driver) {
    for (ProbeRefusal& one : world.refusals)
        if (one.times != 0 && one.device == device.id && one.driver == driver) {
            --one.times;
            return one.errnum;
        }
    return 0;
}

int vfio_pci_probe(const KernelState& world, const Device& device) {
    if (device.is_bridge())
        return EINVAL;
    if (device.sriov && device.sriov->enabled != 0)
        return EBUSY;
    const std::string id = base::to_hex(device.ids.vendor.value_or(0), 4) + ":" +
                           base::to_hex(device.ids.device.value_or(0), 4);
    if (world.denylist.contains(id))
        return EINVAL;
    return !device.iommu_group && !world.host.noiommu ? EINVAL : 0;
}

/// iommu_device_use_default_domain(): a native probe fails while VFIO owns the group.
bool peer_is_open(const KernelState& world, const Device& device) {
    if (!device.iommu_group)
        return false;
    return std::any_of(world.opened.begin(), world.opened.end(), [&](const OpenHolder& one) {
        const auto peer = world.devices.find(one.device);
        return peer != world.devices.end() && peer->second.iommu_group == device.iommu_group;
    });
}

void create_nodes(KernelState& world, Device& device) {
    sysfs::VfioNodes nodes;
    if (!device.iommu_group) {
        device.iommu_group = world.next_group++;
        world.group_types[*device.iommu_group] = "";
        nodes.group = "noiommu-" + std::to_string(*device.iommu_group);
    } else {
        nodes.group = std::to_string(*device.iommu_group);
    }
    // Numbers are assigned in order: the same device gets another the next time.
    nodes.cdev = "vfio" + std::to_string(world.next_vfio++);
    device.vfio = nodes;
}

/// An unbound device is matched with the registered drivers, as on registration or when it appears.
void probe_unbound(KernelState& world, Device& device, const std::string& driver) {
    if (!device.driver && may_match(world, device, driver))
        (void)bind(world, device, driver);
}

}  // namespace

bool is_vfio_bound(const Device& device) {
    return device.driver && sysfs::is_vfio_driver(*device.driver);
}

int set_override(KernelState& world, Device& device, const std::string& driver) {
    if (!device.has_override)
        return ENOENT;
    if (driver.size() + 1 >= kPage)
        return EINVAL;
    // AP: masks and override exclude each other.
    if (device.id.bus == "ap" && !driver.empty() && !world.ap_masks_default)
        return EINVAL;
    if (driver.empty())
        device.driver_override.reset();
    else
        device.driver_override = driver;
    return 0;
}

namespace {

/// vfio_pci_core_register_device() allows runtime power management, and
/// vfio_pci_core_unregister_device() forbids it. Most native drivers do neither.
void set_power_control(Device& device, const std::string& value) {
    const auto control = device.attrs.find("power/control");
    if (control != device.attrs.end() && !value.empty())
        control->second = value;
}

}  // namespace

int bind(KernelState& world, Device& device, const std::string& driver) {
    if (!is_registered(world, device.id.bus, driver))
        return ENOENT;
    if (!may_match(world, device, driver))
        return ENODEV;
    if (device.driver || world.leaving.contains(device.id))
        return EBUSY;
    if (const int refused = scripted_refusal(world, device, driver))
        return refused;
    const bool vfio = sysfs::is_vfio_driver(driver);
    if (vfio && device.id.bus == "pci")
        if (const int refused = vfio_pci_probe(world, device))
            return refused;
    if (!vfio && driver != "pcieport" && driver != "pci-stub" && peer_is_open(world, device))
        return EBUSY;
    device.driver = driver;
    set_power_control(device, vfio ? "auto" : "");
    if (!vfio && world.netdevs.contains(device.id))
        device.netdevs = world.netdevs.at(device.id);
    const auto types = world.parent_types.find(driver);
    if (types != world.parent_types.end()) {
        device.mdev_types = types->second;
        device.mdev_parent_name = device.id.name;
    } else if (vfio && !world.faults.no_nodes) {
        create_nodes(world, device);
    }
    return 0;
}

int set_vgpu(KernelState& world, Device& vf, const std::string& number) {
    if (number == "0") {
        if (world.is_open(vf.id))
            return EBUSY;
        vf.vgpu->type.clear();
        vf.vfio.reset();
        return 0;
    }
    const std::string type = "nvidia-" + number;
    const bool offered = std::any_of(vf.mdev_types.begin(), vf.mdev_types.end(),
                                     [&](const sysfs::MdevType& each) { return each.id == type; });
    if (!offered || !vf.vgpu->type.empty())
        return EINVAL;
    vf.vgpu->type = type;
    create_nodes(world, vf);
    return 0;
}

void finish_unbind(KernelState& world, Device& device) {
    set_power_control(device, is_vfio_bound(device) ? "on" : "");
    // A native PF driver disables its VFs when it is unbound.
    if (device.sriov && !is_vfio_bound(device) && device.sriov->enabled != 0)
        (void)set_vfs(world, device, 0);
    if (world.parent_types.contains(device.driver.value_or(""))) {
        std::vector<std::string> mdevs;
        for (const auto& [id, other] : world.devices)
            if (other.mdev && other.mdev->parent == device.mdev_parent_name)
                mdevs.push_back(id.name);
        for (const std::string& uuid : mdevs)
            remove_mdev(world, uuid);
        device.mdev_types.clear();
        device.mdev_parent_name.clear();
    }
    if (device.vfio && device.vfio->group && device.vfio->group->starts_with("noiommu-"))
        device.iommu_group.reset();
    if (device.vfio && device.vfio->cdev)
        world.access.erase("devices/" + *device.vfio->cdev);
    if (device.vfio && device.vfio->group) {
        const bool last = std::none_of(world.devices.begin(), world.devices.end(), [&](auto& each) {
            return each.first != device.id && each.second.vfio &&
                   each.second.vfio->group == device.vfio->group;
        });
        if (last)
            world.access.erase(*device.vfio->group);
    }
    // Netdevs are the native driver's: they go with it, and come back with it.
    if (!device.netdevs.empty())
        world.netdevs[device.id] = std::exchange(device.netdevs, {});
    device.vfio.reset();
    device.driver.reset();
}

int load_module(KernelState& world, const std::string& module) {
    const std::string name = sysfs::normalise_module(module);
    const ModuleState state = world.drivers.module_state(name);
    if (state == ModuleState::kMissing)
        return ENOENT;
    if (state == ModuleState::kDenied)
        return EPERM;
    if (state != ModuleState::kAvailable)
        return 0;
    world.drivers.modules[name] = ModuleState::kLoaded;
    for (const DriverSpec& spec : world.specs) {
        if (spec.module != name)
            continue;
        world.drivers.registered[spec.bus][spec.name] = name;
        for (auto& [id, device] : world.devices)
            if (id.bus == spec.bus)
                probe_unbound(world, device, spec.name);
    }
    return 0;
}

std::vector<std::string> modules_matching(const KernelState& world, const std::string& modalias) {
    std::vector<std::pair<std::size_t, std::string>> found;
    const auto take = [&](const std::string& pattern, const std::string& module) {
        if (!module.empty() && matches(pattern, modalias))
            found.emplace_back(std::count(pattern.begin(), pattern.end(), '*'), module);
    };
    for (const sysfs::ModuleAlias& alias : world.drivers.aliases)
        take(alias.pattern, alias.module);
    for (const DriverSpec& spec : world.specs)
        if (!spec.override_only)
            for (const std::string& id : spec.ids)
                take(id, spec.module);
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> modules;
    for (const auto& [wildcards, module] : found)
        if (std::find(modules.begin(), modules.end(), module) == modules.end())
            modules.push_back(module);
    return modules;
}

}  // namespace fake
