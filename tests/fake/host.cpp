// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fake/host.hpp"

#include "sysfs/device/names.hpp"

namespace fake {
namespace {

constexpr const char* kGenericAlias = "vfio_pci:v*d*sv*sd*bc*sc*i*";

sysfs::Device pci_device(const std::string& address) {
    sysfs::Device device;
    device.ids = {.vendor = 0x8086,
                  .device = 0x0001,
                  .subsystem_vendor = 0,
                  .subsystem_device = 0,
                  .class_code = 0xff0000,
                  .revision = 0};
    device.header_type = 0;
    device.reset_methods = {"flr", "bus"};
    const std::string root = "pci" + address.substr(0, address.rfind(':'));
    device.syspath = "/sys/devices/" + root + "/" + address;
    device.path = root + "/" + address.substr(address.rfind(':') + 1);
    return device;
}

}  // namespace

Host::Host() {
    host_ = {.arch = "x86_64",
             .kernel = "6.12.1",
             .machine_id = "0123456789abcdef0123456789abcdef",
             .iommu = true,
             .noiommu = false};
    alias(kGenericAlias, "vfio_pci");
}

DeviceBuilder Host::pci(const std::string& address) {
    const sysfs::DeviceId id{"pci", address};
    if (!devices_.contains(id))
        devices_[id] = pci_device(address);
    return on_bus("pci", address);
}

DeviceBuilder Host::on_bus(const std::string& bus, const std::string& name) {
    const auto [entry, made] = devices_.try_emplace({bus, name});
    sysfs::Device& device = entry->second;
    device.id = {bus, name};
    device.has_override = bus != "mdev" && bus != "mdev_parent";
    if (device.syspath.empty()) {
        device.syspath = "/sys/devices/" + bus + "/" + name;
        device.path = bus + "/" + name;
    }
    return DeviceBuilder(device);
}

DeviceBuilder Host::platform(const std::string& name) {
    return on_bus("platform", name).modalias("platform:" + name);
}

DeviceBuilder Host::css(const std::string& name) {
    return on_bus("css", name).modalias("css:t0").attr("type", "0");
}

DeviceBuilder Host::ap(const std::string& name) {
    return on_bus("ap", name).modalias("ap:t0E");
}

DeviceBuilder Host::mdev_parent(const std::string& name) {
    DeviceBuilder parent = on_bus("mdev_parent", name);
    parent.device().mdev_parent_name = name;
    return parent;
}

DeviceBuilder Host::mdev(const std::string& uuid, const std::string& parent,
                         const std::string& type) {
    DeviceBuilder mdev = on_bus("mdev", uuid);
    mdev.device().mdev = sysfs::MdevState{.parent = parent, .type = type};
    return mdev.driver("vfio_mdev");
}

Host& Host::remove(const sysfs::DeviceId& id) {
    devices_.erase(id);
    return *this;
}

Host& Host::module(const std::string& name, sysfs::ModuleState state) {
    drivers_.modules[sysfs::normalise_module(name)] = state;
    return *this;
}

Host& Host::alias(const std::string& pattern, const std::string& module) {
    (pattern.starts_with("vfio") ? drivers_.aliases : drivers_.native_aliases)
        .push_back({pattern, sysfs::normalise_module(module)});
    drivers_.modules.try_emplace(sysfs::normalise_module(module), sysfs::ModuleState::kAvailable);
    return *this;
}

Host& Host::registered(const std::string& bus, const std::string& driver,
                       const std::string& module) {
    const std::string name = sysfs::normalise_module(module);
    drivers_.registered[bus][driver] = name;
    if (!name.empty() && drivers_.modules[name] != sysfs::ModuleState::kBuiltin)
        drivers_.modules[name] = sysfs::ModuleState::kLoaded;
    return *this;
}

Host& Host::with_variants() {
    alias("vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*", "virtio_vfio_pci");
    return alias("vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i*", "mlx5_vfio_pci");
}

Host& Host::without_vfio() {
    drivers_.aliases.clear();
    drivers_.modules.clear();
    return *this;
}

Host& Host::arch(const std::string& name) {
    host_.arch = name;
    return *this;
}

Host& Host::kernel(const std::string& release) {
    host_.kernel = release;
    return *this;
}

Host& Host::online_nodes(const std::string& list) {
    host_.online_nodes = list;
    return *this;
}

Host& Host::machine_id(const std::string& id) {
    host_.machine_id = id;
    return *this;
}

Host& Host::no_iommu() {
    host_.iommu = false;
    host_.noiommu = false;
    return *this;
}

Host& Host::noiommu() {
    host_.iommu = false;
    host_.noiommu = true;
    return *this;
}

Host& Host::vfio_pci_makes_vfs() {
    drivers_.vfio_pci_makes_vfs = true;
    return *this;
}

Host& Host::group_type(int group, const std::string& type) {
    group_types_[group] = type;
    return *this;
}

Host& Host::used(const std::string& address, sysfs::UseKind kind, const std::string& text,
                 const std::string& evidence) {
    usage_[{"pci", address}].push_back({kind, text, evidence});
    return *this;
}

Host& Host::needed(const std::string& address, sysfs::UseKind kind, const std::string& text,
                   const std::string& evidence) {
    used(address, kind, text, evidence);
    usage_[{"pci", address}].back().essential = true;
    return *this;
}

sysfs::Inventory Host::inventory() const {
    sysfs::Inventory inventory;
    inventory.host = host_;
    for (const auto& [id, made] : devices_) {
        sysfs::Device device = made;
        if (id.bus == "pci" && device.modalias.empty())
            device.modalias = pci_modalias(device.ids);
        if (device.sriov)
            for (const auto& [vf_id, vf] : devices_)
                if (vf.vf && vf.vf->pf == id.name)
                    device.sriov->vfs[vf.vf->index] = vf_id.name;
        if (device.iommu_group) {
            sysfs::Group& group = inventory.groups[*device.iommu_group];
            group.id = *device.iommu_group;
            const auto type = group_types_.find(group.id);
            group.type = type == group_types_.end() ? "DMA-FQ" : type->second;
        }
        inventory.devices.push_back(std::move(device));
    }
    inventory.rebuild_index();
    return inventory;
}

sysfs::Drivers Host::drivers() const {
    sysfs::Drivers drivers = drivers_;
    for (const auto& [id, device] : devices_) {
        if (!device.driver || drivers.registered[id.bus].contains(*device.driver))
            continue;
        const std::string module = sysfs::normalise_module(*device.driver);
        drivers.registered[id.bus][*device.driver] = module;
        drivers.modules[module] = sysfs::ModuleState::kLoaded;
    }
    return drivers;
}

}  // namespace fake
