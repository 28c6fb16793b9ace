// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "tests/fake/kernel_rules.hpp"

/// VFs and mdevs: devices that writes create.
namespace fake {
namespace {

using sysfs::Device;
using sysfs::DeviceId;

/// Behind the PF: device 16 and up of its bus, eight functions each.
std::string vf_name(const std::string& pf, std::uint32_t index) {
    return fmt::format("{}{:02x}.{:x}", pf.substr(0, pf.rfind(':') + 1), 16U + index / 8,
                       index % 8);
}

/// ida_alloc() in iommu_group_alloc(): the number of a group that went comes again.
int free_group(const KernelState& world) {
    int group = world.next_group;
    while (std::any_of(world.devices.begin(), world.devices.end(),
                       [&](const auto& each) { return each.second.iommu_group == group; }))
        ++group;
    return group;
}

Device vf_of(KernelState& world, const Device& pf, std::uint32_t index) {
    Device vf;
    vf.id = {"pci", vf_name(pf.id.name, index)};
    vf.syspath = "/sys/devices/pci0000:00/" + vf.id.name;
    vf.path = pf.path + "/vf" + std::to_string(index);
    vf.ids = pf.ids;
    vf.ids.device = static_cast<std::uint16_t>(pf.ids.device.value_or(0) + 1);
    vf.modalias = pci_modalias(vf.ids);
    vf.header_type = 0;
    vf.has_override = true;
    vf.iommu_group = free_group(world);
    vf.incarnation = ++world.last_incarnation;
    vf.vf = sysfs::SriovVf{.pf = pf.id.name, .index = index};
    // vfio-pci keeps the VFs of a PF that is bound to it: vfio_pci_bus_notifier().
    if (is_vfio_bound(pf))
        vf.driver_override = "vfio-pci";
    return vf;
}

Device* parent_named(KernelState& world, const std::string& name) {
    for (auto& [id, device] : world.devices)
        if (device.mdev_parent_name == name)
            return &device;
    return nullptr;
}

}  // namespace

int set_vfs(KernelState& world, Device& pf, std::uint32_t count) {
    if (!pf.sriov)
        return ENOENT;
    if (count > pf.sriov->total)
        return ERANGE;
    if (count == pf.sriov->enabled)
        return 0;
    if (!pf.driver)
        return ENOENT;
    if (count != 0 && pf.sriov->enabled != 0)
        return EBUSY;
    pf.sriov->enabled = count;
    if (count == 0) {
        for (const auto& [index, name] : pf.sriov->vfs)
            world.devices.erase({"pci", name});
        pf.sriov->vfs.clear();
        std::erase_if(world.late_vfs, [&](const LateVf& late) { return late.pf == pf.id.name; });
        return 0;
    }
    // Any order: the last first.
    for (std::uint32_t index = count; index-- > 0;)
        world.late_vfs.push_back({pf.id.name, index});
    if (world.faults.late_vfs == 0)
        while (std::any_of(world.late_vfs.begin(), world.late_vfs.end(),
                           [&](const LateVf& late) { return late.pf == pf.id.name; }))
            make_late_vf(world, pf.id.name);
    return 0;
}

void make_late_vf(KernelState& world, const std::string& pf_name) {
    const auto late = std::find_if(world.late_vfs.begin(), world.late_vfs.end(),
                                   [&](const LateVf& one) { return one.pf == pf_name; });
    const auto pf = world.devices.find({"pci", pf_name});
    if (late == world.late_vfs.end() || pf == world.devices.end() || !pf->second.sriov)
        return;
    const std::uint32_t index = late->index;
    world.late_vfs.erase(late);
    const Device vf = vf_of(world, pf->second, index);
    pf->second.sriov->vfs[index] = vf.id.name;
    Device& made = world.devices[vf.id] = vf;
    if (pf->second.sriov->autoprobe.value_or(true))
        for (const auto& [driver, module] : world.drivers.registered["pci"])
            if (!made.driver)
                (void)bind(world, made, driver);
}

void unplug(KernelState& world, const DeviceId& id) {
    const auto device = world.devices.find(id);
    if (device == world.devices.end())
        return;
    if (device->second.mdev)
        return remove_mdev(world, id.name);
    if (device->second.sriov)
        (void)set_vfs(world, device->second, 0);
    if (device->second.driver)
        finish_unbind(world, device->second);
    std::erase_if(world.devices, [&](const auto& each) {
        return each.second.vf && each.second.vf->pf == id.name;
    });
    std::erase_if(world.late_vfs, [&](const LateVf& late) { return late.pf == id.name; });
    if (device->second.vf)
        world.devices.at({"pci", device->second.vf->pf}).sriov->vfs.erase(device->second.vf->index);
    std::erase_if(world.devices, [&](const auto& each) {
        return each.second.mdev && each.second.mdev->parent == device->second.mdev_parent_name;
    });
    std::erase_if(world.opened, [&](const OpenHolder& one) { return one.device == id; });
    world.leaving.erase(id);
    world.devices.erase(id);
}

void plug(KernelState& world, Device device) {
    device.driver.reset();
    device.driver_override.reset();
    device.vfio.reset();
    device.incarnation = ++world.last_incarnation;
    Device& added = world.devices[device.id] = std::move(device);
    for (const auto& [driver, module] : world.drivers.registered[added.id.bus])
        if (!added.driver)
            (void)bind(world, added, driver);
}

int create_mdev(KernelState& world, const std::string& parent_name, const std::string& type_id,
                const std::string& uuid) {
    Device* parent = parent_named(world, parent_name);
    if (parent == nullptr)
        return ENOENT;
    const auto type = std::find_if(parent->mdev_types.begin(), parent->mdev_types.end(),
                                   [&](const sysfs::MdevType& t) { return t.id == type_id; });
    if (type == parent->mdev_types.end())
        return ENOENT;
    if (world.devices.contains({"mdev", uuid}))
        return EEXIST;
    if (type->available == 0)
        return EUSERS;
    --type->available;
    Device mdev;
    mdev.id = {"mdev", uuid};
    mdev.syspath = parent->syspath + "/" + uuid;
    mdev.path = parent->path + "/" + uuid;
    mdev.iommu_group = free_group(world);
    mdev.incarnation = ++world.last_incarnation;
    mdev.mdev = sysfs::MdevState{.parent = parent_name, .type = type_id};
    mdev.driver = "vfio_mdev";
    mdev.vfio = sysfs::VfioNodes{.group = std::to_string(*mdev.iommu_group),
                                 .cdev = "vfio" + std::to_string(world.next_vfio++)};
    mdev.attrs = parent->attrs;
    world.devices[mdev.id] = mdev;
    return 0;
}

void remove_mdev(KernelState& world, const std::string& uuid) {
    const auto mdev = world.devices.find({"mdev", uuid});
    if (mdev == world.devices.end())
        return;
    if (Device* parent = parent_named(world, mdev->second.mdev->parent))
        for (sysfs::MdevType& type : parent->mdev_types)
            if (type.id == mdev->second.mdev->type)
                ++type.available;
    world.devices.erase(mdev);
}

int resize_bar(sysfs::Device& device, const std::string& attr, const std::string& value) {
    if (device.driver)
        return EBUSY;
    const auto power = static_cast<unsigned>(std::stoul(value));
    if (power > 63 || (std::stoull(device.attrs[attr], nullptr, 16) >> power & 1U) == 0)
        return EINVAL;
    std::istringstream before(device.attrs["resource"]);
    std::string after;
    std::string line;
    for (char bar = '0'; std::getline(before, line); ++bar) {
        if (attr[std::string_view("resource").size()] == bar) {
            const std::uint64_t first = std::stoull(line, nullptr, 16);
            line = fmt::format("{:#018x} {:#018x} {:#018x}", first,
                               first + (1ULL << (power + 20U)) - 1, 0x14220cU);
        }
        after += line + "\n";
    }
    device.attrs["resource"] = after;
    return 0;
}

}  // namespace fake
