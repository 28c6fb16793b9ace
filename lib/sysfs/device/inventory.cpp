// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/inventory.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/parallel_for.hpp"
#include "base/try.hpp"
#include "sysfs/device/buses.hpp"
#include "sysfs/device/device_reader.hpp"
#include "sysfs/device/listed_devices.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/device/vf_index.hpp"
#include "sysfs/device/vfio_nodes.hpp"
#include "sysfs/host/host.hpp"
#include "sysfs/host/user_lookup.hpp"

namespace sysfs {

namespace {

bool is_listed_before(const Device& a, const Device& b) {
    if (a.id.bus != b.id.bus)
        return a.id.bus == "pci" || (b.id.bus != "pci" && a.id.bus < b.id.bus);
    return device_name_less(a.id.name, b.id.name);
}

/// A device without driver_override on a bus that has it cannot be assigned (ap's cards).
bool is_assignable(const Device& device) {
    return device.has_override || device.iommu_group || device.id.bus == "pci" ||
           device.id.bus == "mdev" || device.id.bus == "mdev_parent";
}

void add_device(Inventory& inventory, base::Result<Device> device) {
    if (device && is_assignable(*device))
        inventory.devices.push_back(std::move(*device));
    else if (!device && !is_absence(device.error()))
        inventory.warnings.push_back(device.error().text());
}

void add_devices(Inventory& inventory, const std::vector<ListedDevice>& listed,
                 const ScanContext& context) {
    inventory.devices.reserve(inventory.devices.size() + listed.size());
    for (base::Result<Device>& device : read_listed(listed, context))
        add_device(inventory, std::move(device));
}

/// The bus a device is on, by its `subsystem` link; empty for one that is on none of those listed.
std::string bus_of(const base::Dir& devices, const std::string& name) {
    return devices.link_name(name + "/subsystem").value_or("");
}

/// Parents that no listed bus has (mtty, vfio_ap's matrix) come as pseudo devices.
void add_mdev_parents(Inventory& inventory, const ScanContext& context) {
    const auto parents = base::Dir::open(context.root.path(devices_path("mdev_parent")));
    const auto names = parents ? parents->entries() : base::propagate(parents);
    if (!names)
        return;
    std::set<DeviceId> known;
    for (const Device& device : inventory.devices)
        known.insert(device.id);
    std::vector<ListedDevice> listed;
    for (const std::string& name : *names)
        if (!known.contains({bus_of(*parents, name), name}) &&
            !context.wanted.leave_out.contains({"mdev_parent", name}))
            listed.push_back({&*parents, {"mdev_parent", name}});
    add_devices(inventory, listed, context);
}

std::optional<Group> read_group(const base::Dir& groups, const std::string& name) {
    const auto number = base::parse_decimal(name);
    if (!number || *number > static_cast<std::uint64_t>(std::numeric_limits<int>::max()))
        return std::nullopt;
    Group out;
    out.id = static_cast<int>(*number);
    out.type = groups.attr(name + "/type").value_or("");
    // A group without a domain has the type "unknown". vfio makes such groups, and only they have a
    // name.
    if (out.type == "unknown")
        out.type.clear();
    if (out.type.empty())
        out.name = groups.attr(name + "/name").value_or("");
    return out;
}

/// Devices on unlisted buses (host1x) count for the viability of their groups. Each IOMMU links to
/// all devices behind it, so one directory is listed instead of thousands of groups.
void add_unlisted_devices(Inventory& inventory, const base::Dir& listing,
                          const std::set<std::string>& known, const ScanContext& context) {
    const auto names = listing.entries();
    if (!names)
        return;
    std::vector<ListedDevice> listed;
    for (const std::string& name : *names) {
        if (known.contains(name))
            continue;
        const std::string bus = bus_of(listing, name);
        if (!bus.empty() && !context.wanted.leave_out.contains({bus, name}))
            listed.push_back({&listing, {bus, name}});
    }
    add_devices(inventory, listed, context);
}

void add_unlisted_devices(Inventory& inventory, const ScanContext& context) {
    std::set<std::string> known;
    for (const Device& device : inventory.devices)
        known.insert(device.id.name);
    const auto units = base::Dir::open(context.root.path("/sys/class/iommu"));
    const auto names = units ? units->entries() : base::propagate(units);
    if (!names)
        return;
    for (const std::string& unit : *names)
        if (const auto behind = units->sub(unit + "/devices"))
            add_unlisted_devices(inventory, *behind, known, context);
}

void add_groups(Inventory& inventory, const Root& root) {
    const auto dir = base::Dir::open(root.path("/sys/kernel/iommu_groups"));
    const auto names = dir ? dir->entries() : base::propagate(dir);
    if (!names)
        return;
    std::vector<std::optional<Group>> groups(names->size());
    base::parallel_for(groups.size(),
                       [&](std::size_t at) { groups[at] = read_group(*dir, (*names)[at]); });
    for (std::optional<Group>& group : groups) {
        if (group)
            inventory.groups.emplace(group->id, std::move(*group));
    }
}

/// A brief scan of the other buses includes the devices that VFIO could have, or has without an
/// IOMMU (vfio_ccw).
bool is_relevant(const DeviceBus& bus, const std::string& name, const ScanOptions& wanted) {
    if (wanted.every_bus() || bus.name == "pci" || bus.name == "mdev" ||
        bus.devices.has(name + "/iommu_group"))
        return true;
    const auto driver = bus.devices.link_name(name + "/driver");
    return driver && is_vfio_driver(*driver);
}

void add_devices(Inventory& inventory, const std::vector<DeviceBus>& buses,
                 const ScanContext& context) {
    std::vector<ListedDevice> listed;
    for (const DeviceBus& bus : buses)
        for (const std::string& name : bus.names)
            if (!context.wanted.leave_out.contains({bus.name, name}) &&
                is_relevant(bus, name, context.wanted))
                listed.push_back({&bus.devices, {bus.name, name}});
    add_devices(inventory, listed, context);
}

}  // namespace

const Device* Inventory::find(const DeviceId& id) const {
    const auto at = index_.find(id);
    return at == index_.end() ? nullptr : &devices[at->second];
}

const Group* Inventory::find_group(const Device& device) const {
    if (!device.iommu_group)
        return nullptr;
    const auto at = groups.find(*device.iommu_group);
    return at == groups.end() ? nullptr : &at->second;
}

void Inventory::rebuild_index() {
    if (!std::is_sorted(devices.begin(), devices.end(), is_listed_before))
        std::sort(devices.begin(), devices.end(), is_listed_before);
    index_.clear();
    for (auto& [id, group] : groups) {
        group.devices.clear();
        group.blockers.clear();
    }
    for (std::size_t at = 0; at < devices.size(); ++at) {
        const Device& device = devices[at];
        index_.emplace(device.id, at);
        if (!device.iommu_group)
            continue;
        Group& group = groups[*device.iommu_group];
        group.id = *device.iommu_group;
        group.devices.push_back(device.id);
        if (!leaves_dma_alone(device))
            group.blockers.push_back({device.id, *device.driver, blocking_reason(device)});
    }
}

void Inventory::update(std::span<const DeviceId> asked, Inventory found) {
    std::set<DeviceId> updated(asked.begin(), asked.end());
    for (const Device& device : found.devices)
        updated.insert(device.id);
    std::erase_if(devices, [&](const Device& device) { return updated.contains(device.id); });
    std::move(found.devices.begin(), found.devices.end(), std::back_inserter(devices));
    for (auto& [id, group] : found.groups)
        groups[id] = std::move(group);
    rebuild_index();
    std::erase_if(groups, [](const auto& group) { return group.second.devices.empty(); });
}

base::Result<Inventory> read_inventory(const Root& root, const ScanOptions& wanted,
                                       HangingReads hanging) {
    TRY(base::Dir::open(root.path("/sys")));
    Inventory out;
    out.host = read_host(root);
    out.host.users = user_ids(root, wanted.users);
    out.host.groups = group_ids(root, wanted.groups);
    const ScanContext context = ScanContext::read(root, wanted, hanging);
    const bool iommu_lists_devices = out.host.iommu && !context.group_nodes.may_be_noiommu();
    const BusFilter which =
        wanted.every_bus() || !iommu_lists_devices ? BusFilter::kAll : BusFilter::kVfio;
    if (const auto buses = read_buses(root, which))
        add_devices(out, *buses, context);
    else
        out.warnings.push_back(buses.error().text());
    add_mdev_parents(out, context);
    add_unlisted_devices(out, context);
    if (!wanted.brief ||
        !out.host.iommu)  // else rebuild_index() finds all groups that have devices
        add_groups(out, root);
    VfIndexTable(out.devices).apply_to(out.devices);
    out.rebuild_index();
    for (const auto& [id, group] : out.groups)
        out.host.iommu = out.host.iommu || group.name != kNoiommuGroupName;
    return out;
}

base::Result<Inventory> read_devices(const Root& root, std::span<const DeviceId> ids,
                                     const ScanOptions& wanted, HangingReads hanging) {
    Inventory out;
    const ScanContext context = ScanContext::read(root, wanted, hanging);
    const auto groups = base::Dir::open(root.path("/sys/kernel/iommu_groups"));
    std::map<std::string, base::Dir> buses;
    std::vector<ListedDevice> listed;
    for (const DeviceId& id : ids) {
        if (!parse_bus_name(id.bus) || !parse_device_name(id.name))
            return base::fail(base::Code::kInvalid, {}, id.display(), "could not be a device");
        auto devices = base::Dir::open(root.path(devices_path(id.bus)));
        if (devices)
            listed.push_back({&buses.emplace(id.bus, std::move(*devices)).first->second, id});
    }
    add_devices(out, listed, context);
    for (const Device& device : out.devices)
        if (device.iommu_group && groups)
            if (auto group = read_group(*groups, std::to_string(*device.iommu_group)))
                out.groups.emplace(group->id, std::move(*group));
    out.rebuild_index();
    VfIndexTable::read(root, out.devices).apply_to(out.devices);
    return out;
}

}  // namespace sysfs
