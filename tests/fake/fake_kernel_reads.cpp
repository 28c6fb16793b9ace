// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cerrno>

#include "sysfs/host/user_lookup.hpp"
#include "tests/fake/fake_kernel.hpp"
#include "tests/fake/kernel_rules.hpp"

/// The reads of FakeKernel, and the nodes below /dev/vfio.
namespace fake {

using base::fail;
using base::Result;
using sysfs::Device;
using sysfs::DeviceId;

namespace {

/// Hangs as long as an unbind of any device to be read does.
bool can_be_read(const KernelState& world, const sysfs::ScanOptions& wanted) {
    return std::all_of(world.leaving.begin(), world.leaving.end(),
                       [&](const DeviceId& id) { return wanted.leave_out.contains(id); });
}

/// The kernel makes them for root only; set_access() and udev change that.
void show_access(const KernelState& world, const sysfs::ScanOptions& wanted,
                 sysfs::Inventory& inventory) {
    const auto access_of = [&](const std::string& node) {
        const auto set = world.access.find(node);
        return set == world.access.end() ? sysfs::NodeAccess{0, 0, 0600} : set->second;
    };
    inventory.host.users = sysfs::user_ids({}, wanted.users);
    inventory.host.groups = sysfs::group_ids({}, wanted.groups);
    for (Device& device : inventory.devices) {
        if (!device.vfio || !wanted.access)
            continue;
        if (device.vfio->group)
            device.vfio->group_access = access_of(*device.vfio->group);
        if (device.vfio->cdev)
            device.vfio->cdev_access = access_of("devices/" + *device.vfio->cdev);
    }
}

}  // namespace

Result<sysfs::Inventory> FakeKernel::inventory(const sysfs::ScanOptions& wanted) {
    wait_until([&](const KernelState& world) { return can_be_read(world, wanted); });
    sysfs::Inventory inventory = world_.read().inventory();
    std::erase_if(inventory.devices,
                  [&](const Device& device) { return wanted.leave_out.contains(device.id); });
    if (wanted.brief && !wanted.revisions)
        for (Device& device : inventory.devices)
            device.ids.revision.reset();
    show_access(world_.read(), wanted, inventory);
    inventory.rebuild_index();
    return inventory;
}

Result<sysfs::Inventory> FakeKernel::devices(std::span<const DeviceId> ids,
                                             const sysfs::ScanOptions& wanted) {
    sysfs::Inventory out;
    for (const DeviceId& id : ids)
        if (auto found = device(id))
            out.devices.push_back(*std::move(found));
    const KernelState world = world_.read();
    for (const Device& device : out.devices)
        if (device.iommu_group) {
            const auto type = world.group_types.find(*device.iommu_group);
            out.groups[*device.iommu_group].type =
                type == world.group_types.end() ? "DMA-FQ" : type->second;
        }
    show_access(world, wanted, out);
    out.rebuild_index();
    return out;
}

std::optional<std::string> FakeKernel::property(const DeviceId& id, const std::string& name) {
    const KernelState world = world_.read();
    const auto device = world.devices.find(id);
    if (device == world.devices.end() || !device->second.properties.contains(name))
        return std::nullopt;
    return device->second.properties.at(name);
}

std::optional<std::string> FakeKernel::attribute(const sysfs::DeviceTarget& target,
                                                 const std::string& name) {
    const KernelState world = world_.read();
    const auto device = world.devices.find(target.id);
    if (device == world.devices.end() || !device->second.attrs.contains(name))
        return std::nullopt;
    return device->second.attrs.at(name);
}

Result<Device> FakeKernel::device(const DeviceId& id) {
    wait_until([&](const KernelState& world) { return !world.leaving.contains(id); });
    KernelState world = world_.read();
    if (!world.late_vfs.empty() || world.faults.late_nodes)
        world_.change([&](KernelState& now) {
            world = now;
            make_late_vf(now, id.name);
            now.faults.late_nodes = false;
        });
    const auto found = world.devices.find(id);
    if (found == world.devices.end())
        return fail(base::Code::kNotFound, "read", id.display(), "no such device");
    Device device = found->second;
    if (world.faults.late_nodes)
        device.vfio.reset();
    return device;
}

Result<sysfs::Drivers> FakeKernel::drivers(const sysfs::ScanOptions&) {
    return world_.read().drivers;
}

Result<std::vector<std::string>> FakeKernel::modules_for(const std::string& modalias) {
    return modules_matching(world_.read(), modalias);
}

namespace {

/// As find_vfs() and find_mdevs() report them.
void add_children(const KernelState& world, const DeviceId& id, std::vector<sysfs::Use>& uses) {
    const auto found = world.devices.find(id);
    if (found == world.devices.end())
        return;
    const Device& device = found->second;
    if (device.sriov && !device.sriov->vfs.empty()) {
        std::string names;
        for (const auto& [index, name] : device.sriov->vfs)
            names += (names.empty() ? "" : ", ") + name;
        uses.push_back(
            {sysfs::UseKind::kVfsInUse, "its virtual functions are enabled", "VFs: " + names});
    }
    for (const auto& [child, one] : world.devices)
        if (one.mdev && !device.mdev_parent_name.empty() &&
            one.mdev->parent == device.mdev_parent_name)
            uses.push_back({sysfs::UseKind::kHolder, "a mediated device of it is running",
                            child.name + " (" + one.mdev->type + ")"});
}

}  // namespace

sysfs::Usage FakeKernel::usage(const sysfs::Inventory&, std::span<const DeviceId> devices) {
    const KernelState world = world_.read();
    sysfs::Usage usage;
    for (const DeviceId& id : devices) {
        add_children(world, id, usage[id]);
        for (const OpenHolder& one : world.opened)
            if (one.device == id && (!world.faults.hide_holders || world.leaving.contains(id)))
                usage[id].push_back(
                    {sysfs::UseKind::kVfioOpen, "its VFIO device is open", one.holder});
        const auto uses = world.uses.find(id);
        if (uses != world.uses.end())
            usage[id].insert(usage[id].end(), uses->second.begin(), uses->second.end());
    }
    return usage;
}

Result<sysfs::NodeAccess> FakeKernel::set_access(const std::string& node,
                                                 const sysfs::NodeAccess& access) {
    const auto there = [&](const KernelState& world) {
        return std::any_of(world.devices.begin(), world.devices.end(), [&](const auto& each) {
            const auto& vfio = each.second.vfio;
            return vfio &&
                   (vfio->group == node || (vfio->cdev && "devices/" + *vfio->cdev == node));
        });
    };
    const KernelState world = world_.read();
    if (!there(world))
        return fail(base::Code::kNotFound, "set access", "/dev/vfio/" + node, "no such node");
    const auto known = world.access.find(node);
    const sysfs::NodeAccess before =
        known == world.access.end() ? sysfs::NodeAccess{0, 0, 0600} : known->second;
    if (access == sysfs::NodeAccess{})
        return before;
    const auto done = write("set_access", "set access", node, [&](KernelState& now) {
        if (!there(now))
            return ENOENT;
        now.access[node] = {access.uid ? access.uid : before.uid,
                            access.gid ? access.gid : before.gid,
                            access.mode ? access.mode : before.mode};
        return 0;
    });
    return done ? Result<sysfs::NodeAccess>(before) : base::propagate(done);
}

}  // namespace fake
