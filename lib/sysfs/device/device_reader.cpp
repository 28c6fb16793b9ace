// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One device takes about 35 system calls: one to list its directory, three for `uevent`, then three
// for each listed attribute that `uevent` does not have. No attribute is read that could resume a
// suspended device; those are read when ScanOptions asks for them (serial).
//
// What may wait for somebody else's unbind of the device is in locking_attributes.cpp.
#include "sysfs/device/device_reader.hpp"

#include <limits>

#include "base/try.hpp"
#include "sysfs/device/mdev.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/device/pci_fault.hpp"
#include "sysfs/device/sriov.hpp"
#include "sysfs/device/udev_db.hpp"
#include "sysfs/device/vf_index.hpp"
#include "sysfs/device/vgpu.hpp"

namespace sysfs {

namespace {

std::optional<int> small_number(const std::optional<std::string>& text) {
    const auto value = text ? base::parse_kernel_number(*text) : std::nullopt;
    if (!value || *value > static_cast<std::uint64_t>(std::numeric_limits<int>::max()))
        return std::nullopt;  // -1, the kernel's "none", as well
    return static_cast<int>(*value);
}

/// Its own network interfaces, and those of a virtio device below it. Not those further below: a
/// USB adapter is not its host controller.
std::vector<std::string> read_netdevs(const DeviceDir& device) {
    std::vector<std::string> out;
    const auto add = [&](const std::string& path) {
        if (const auto names = device.dir().entries(path))
            out.insert(out.end(), names->begin(), names->end());
    };
    if (device.has("net"))
        add("net");
    for (const std::string& child : device.listing().starting_with("virtio"))
        add(child + "/net");
    return out;
}

bool has_override(const DeviceDir& device) {
    return device.has("driver_override");
}

/// The link names the bound driver. DRIVER of uevent is set before the probe, so it can name a
/// driver that fails.
std::optional<std::string> read_driver(const DeviceDir& device, const ScanContext& context) {
    auto driver = device.link_name("driver");
    if (!driver && !context.root.is_live())
        if (const auto named = device.uevent("DRIVER"))  // a capture that lost its links
            driver = *named;
    return driver;
}

std::optional<SriovVf> read_vf(const DeviceDir& device) {
    auto pf = read_pf_of(device);
    return pf ? std::optional(SriovVf{.pf = *std::move(pf), .index = 0}) : std::nullopt;
}

std::string read_modalias(const DeviceDir& device) {
    const auto line = device.uevent("MODALIAS");
    return line ? std::string(*line) : device.attr("modalias").value_or("");
}

/// The files of a captured host are not the kernel's.
std::optional<std::uint64_t> read_incarnation(const Root& root, const DeviceDir& device) {
    return root.is_live() ? device.dir().inode() : std::nullopt;
}

}  // namespace

ScanContext ScanContext::read(const Root& root, const ScanOptions& wanted, HangingReads hanging) {
    return {root, wanted, wanted.slots ? Slots::read(root) : Slots(), GroupNodes::read(root),
            hanging};
}

bool is_absence(const base::Error& error) {
    return error.code == base::Code::kNotFound || error.code == base::Code::kGone;
}

std::string devices_path(const std::string& bus) {
    return bus == "mdev_parent" ? "/sys/class/mdev_bus" : "/sys/bus/" + bus + "/devices";
}

std::string syspath_from_link(std::string_view link) {
    const std::size_t at = link.find("/devices/");
    return at == std::string_view::npos ? std::string() : "/sys" + std::string(link.substr(at));
}

base::Result<Device> read_from(const base::Dir& devices, const DeviceId& id,
                               const ScanContext& context, LockingAttributes* known) {
    DeviceDir device = TRY(DeviceDir::open(devices, id.name));
    LockingAttributes locking = known != nullptr
                                    ? std::move(*known)
                                    : read_locking_attributes(device.dir(), context.wanted);
    device.set_uevent(std::move(locking.uevent));
    Device out;
    out.id = id;
    out.stuck = std::move(locking.stuck);
    out.syspath = syspath_from_link(devices.link(id.name).value_or(""));
    if (out.syspath.empty())  // a capture may have the directory itself where the kernel has a link
        out.syspath = devices_path(id.bus) + "/" + id.name;
    out.ids = read_ids(device);
    if (!context.wanted.brief || context.wanted.revisions)
        out.ids.revision = read_revision(device);
    out.modalias = read_modalias(device);
    out.incarnation = read_incarnation(context.root, device);
    out.driver = read_driver(device, context);
    out.has_override = has_override(device);
    out.driver_override = std::move(locking.driver_override);
    out.iommu_group = small_number(device.link_name("iommu_group"));
    if (!context.wanted.brief || context.wanted.numa_nodes)
        out.numa_node = small_number(device.attr("numa_node"));
    out.netdevs = read_netdevs(device);
    if (id.bus == "pci") {
        out.path = pci_path(out.syspath);
        read_pci(device, out);
        if (context.wanted.resets)
            out.reset_methods = read_reset_methods(device);
        out.slot = context.slots.find(id.name);
        out.sriov = read_pf(context.root, device);
        out.vf = read_vf(device);
        if (out.stuck.empty())
            out.fault = read_fault(device, out);
        out.serial = std::move(locking.serial);
    }
    if (out.path.empty() && out.syspath.starts_with("/sys/devices/"))
        out.path = out.syspath.substr(std::string_view("/sys/devices/").size());
    out.vfio = read_vfio_nodes(device, context.group_nodes, out);
    if (out.vfio && context.wanted.access)
        read_node_access(context.root, *out.vfio);
    if (id.bus == "mdev")
        out.mdev = read_mdev_state(device, out.syspath);
    out.mdev_types = read_mdev_types(device);
    if (device.has("mdev_supported_types") || id.bus == "mdev_parent")
        out.mdev_parent_name = id.name;  // the class' link has the device's own name
    if (out.vf && (out.vgpu = read_vgpu(device)))
        out.mdev_types = read_vgpu_types(device);
    if (context.wanted.properties)
        out.properties = read_properties(context.root, out.id, device);
    out.attrs = std::move(locking.attrs);
    return out;
}

namespace {

tl::unexpected<base::Error> not_found(const DeviceId& id, std::string why) {
    return base::fail(base::Code::kNotFound, {}, id.display(), std::move(why));
}

base::Result<base::Dir> open_devices(const Root& root, const DeviceId& id) {
    if (!parse_bus_name(id.bus) || !parse_device_name(id.name))
        return base::fail(base::Code::kInvalid, {}, id.display(), "could not be a device");
    auto devices = base::Dir::open(root.path(devices_path(id.bus)));
    if (!devices)
        return not_found(id, "no such bus");
    return devices;
}

}  // namespace

base::Result<Device> read_device(const Root& root, const DeviceId& id, const ScanOptions& wanted) {
    const base::Dir devices = TRY(open_devices(root, id));
    auto device = read_from(devices, id, ScanContext::read(root, wanted));
    if (!device && is_absence(device.error()))
        return not_found(id, "no such device");
    if (device)
        VfIndexTable::read(root, {&*device, 1}).apply_to({&*device, 1});
    return device;
}

base::Result<DeviceDir> open_device(const Root& root, const DeviceId& id, Device& out) {
    const base::Dir devices = TRY(open_devices(root, id));
    auto device = DeviceDir::open(devices, id.name);
    if (!device && is_absence(device.error()))
        return not_found(id, "no such device");
    if (!device)
        return device;
    device->set_uevent(read_uevent(device->dir()));
    out.id = id;
    out.syspath = syspath_from_link(devices.link(id.name).value_or(""));
    out.ids = read_ids(*device);
    out.ids.revision = read_revision(*device);
    out.modalias = read_modalias(*device);
    out.incarnation = read_incarnation(root, *device);
    return device;
}

void read_binding_state(const Root& root, const DeviceDir& device, Device& out) {
    out.driver = device.link_name("driver");
    out.has_override = has_override(device);
    out.driver_override = read_override(device.dir());
    out.iommu_group = small_number(device.link_name("iommu_group"));
    out.netdevs = read_netdevs(device);
    out.vfio.reset();
    if (device.has("vfio-dev") || out.driver)
        out.vfio = read_vfio_nodes(
            device, out.iommu_group ? GroupNodes::read_one(root, *out.iommu_group) : GroupNodes(),
            out);
}

}  // namespace sysfs
