// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/device.hpp"

#include <cerrno>

#include "sysfs/device/inventory.hpp"
#include "sysfs/device/names.hpp"
#include "vfio/abi/pci.hpp"
#include "vfio/reset.hpp"
#include "vfio/src/abi/errno_hints.hpp"
#include "vfio/src/backend/group_viability.hpp"

namespace vfio {

/// A group's fd, shared by the devices that came from it: closing it takes their address space
/// away.
struct OpenGroup {
    std::shared_ptr<AddressSpace> space;
    GroupFd fd;
    std::string node;

    OpenGroup(std::shared_ptr<AddressSpace> of, GroupFd group, std::string name)
        : space(std::move(of)), fd(std::move(group)), node(std::move(name)) {}
    OpenGroup(const OpenGroup&) = delete;
    OpenGroup& operator=(const OpenGroup&) = delete;
    ~OpenGroup() {
        // Nothing can be done about a refusal here: the fd closes next, and that detaches too.
        static_cast<void>(space->detach_group(fd, node));
    }
};

// Members die bottom up: the device's fd first (a group with an open device cannot leave its
// container, EBUSY), then the group, then the space.
struct VfioDevice::Impl {
    Calls& calls;
    std::string name;
    std::shared_ptr<AddressSpace> space;
    std::shared_ptr<OpenGroup> group;
    std::vector<RejectedBackend> rejected;
    BoundDevice bound;
    DeviceInfo info;
    DeviceFd fd;
    bool keep_attached = false;
};

namespace {

Result<sysfs::Device> discover(const sysfs::Root& root, const std::string& name) {
    if (const auto slash = name.find('/'); slash != std::string::npos)
        return sysfs::read_device(root, {name.substr(0, slash), name.substr(slash + 1)}, {});
    if (const auto uuid = sysfs::parse_uuid(name))
        return sysfs::read_device(root, {"mdev", *uuid}, {});
    if (const auto address = sysfs::parse_pci_address_loosely(name))
        return sysfs::read_device(root, {"pci", address->text()}, {});
    return base::fail(Code::kInvalid, "open", name, "neither an address, BUS/NAME nor a UUID");
}

Result<DeviceNodes> find_nodes(const sysfs::Root& root, const std::string& name) {
    const auto device = discover(root, name);
    if (!device)
        return base::propagate(device);
    if (!device->vfio)
        return base::fail(Code::kRefused, "open", device->id.display(),
                          device->driver ? "its driver is " + *device->driver + ", not a VFIO one"
                                         : "it has no driver",
                          "bind it first: vfioctl bind " + device->id.display());
    return to_device_nodes(*device);
}

/// The kernel says that a group is not viable, or that someone else owns its DMA, and not who.
Error with_blockers(Error error, const sysfs::Root& root, const DeviceNodes& nodes) {
    if (!nodes.group)
        return error;
    const std::string blockers = text(find_group_blockers(root, *nodes.group));
    if (!blockers.empty())
        error.hint =
            "in its IOMMU group: " + blockers + (error.hint.empty() ? "" : "; ") + error.hint;
    return error;
}

}  // namespace

VfioDevice::VfioDevice(std::unique_ptr<Impl> state) : impl_(std::move(state)) {}
VfioDevice::VfioDevice(VfioDevice&&) noexcept = default;
VfioDevice& VfioDevice::operator=(VfioDevice&&) noexcept = default;

VfioDevice::~VfioDevice() {
    if (impl_ && !impl_->keep_attached && impl_->space->backend() == Backend::kIommufd)
        static_cast<void>(impl_->space->detach_device({.fd = impl_->fd, .name = impl_->name}));
}

void VfioDevice::keep_attached() {
    impl_->keep_attached = true;
}

Result<VfioDevice> VfioDevice::adopt(Calls& calls, AttachedDevice opened, std::string name) {
    auto info = read_device_info(calls, opened.device, name);
    if (!info)
        return base::propagate(info);
    std::shared_ptr<OpenGroup> group;
    if (opened.group.valid())
        group = std::make_shared<OpenGroup>(opened.space, std::move(opened.group), name);
    return VfioDevice(std::unique_ptr<Impl>(new Impl{.calls = calls,
                                                     .name = std::move(name),
                                                     .space = std::move(opened.space),
                                                     .group = std::move(group),
                                                     .rejected = std::move(opened.rejected),
                                                     .bound = opened.bound,
                                                     .info = std::move(*info),
                                                     .fd = std::move(opened.device)}));
}

Result<VfioDevice> VfioDevice::open_nodes(Calls& calls, const DeviceNodes& nodes,
                                          const OpenOptions& options) {
    auto opened = open_device(calls, nodes, options);
    if (!opened)
        return tl::unexpected<Error>(with_blockers(opened.error(), options.root, nodes));
    return adopt(calls, std::move(*opened), nodes.name);
}

Result<VfioDevice> VfioDevice::open(Calls& calls, const std::string& name,
                                    const OpenOptions& options) {
    const auto nodes = find_nodes(options.root, name);
    if (!nodes)
        return base::propagate(nodes);
    return open_nodes(calls, *nodes, options);
}

Result<VfioDevice> VfioDevice::open(Calls& calls, const std::string& name,
                                    const OpenOptions& options, const VfToken& token) {
    auto nodes = find_nodes(options.root, name);
    if (!nodes)
        return base::propagate(nodes);
    nodes->token = token;
    return open_nodes(calls, *nodes, options);
}

Result<VfioDevice> VfioDevice::open_in(Calls& calls, const std::string& name,
                                       const std::shared_ptr<AddressSpace>& space,
                                       const sysfs::Root& root) {
    const auto nodes = find_nodes(root, name);
    if (!nodes)
        return base::propagate(nodes);
    auto opened = open_device_in(calls, *nodes, space);
    if (!opened)
        return tl::unexpected<Error>(with_blockers(opened.error(), root, *nodes));
    return adopt(calls, std::move(*opened), nodes->name);
}

Result<VfioDevice> VfioDevice::sibling(const std::string& name) const {
    if (!impl_->group)
        return base::fail(Code::kUnsupported, "open", name,
                          "there is no group's fd on iommufd: open the device by its cdev");
    std::string request = name;
    const int fd = retry(impl_->calls, [&] {
        return impl_->calls.group(impl_->group->fd, abi::GroupCall::kGetDeviceFd, request.data());
    });
    if (fd < 0)
        return fail_call(
            -fd, "open the device", name,
            fd == -ENODEV ? "it is not of " + impl_->name + "'s group, or not VFIO's" : "");
    AttachedDevice opened{.space = impl_->space,
                          .rejected = {},
                          .group = {},
                          .device = DeviceFd(base::UniqueFd(fd)),
                          .bound = {}};
    auto device = adopt(impl_->calls, std::move(opened), name);
    if (device)
        device->impl_->group = impl_->group;
    return device;
}

const std::string& VfioDevice::name() const {
    return impl_->name;
}
const DeviceInfo& VfioDevice::info() const {
    return impl_->info;
}
const std::shared_ptr<AddressSpace>& VfioDevice::space() const {
    return impl_->space;
}
const std::vector<RejectedBackend>& VfioDevice::rejected() const {
    return impl_->rejected;
}
const BoundDevice& VfioDevice::bound() const {
    return impl_->bound;
}
const DeviceFd& VfioDevice::fd() const {
    return impl_->fd;
}
const GroupFd& VfioDevice::group() const {
    static const GroupFd none;
    return impl_->group ? impl_->group->fd : none;
}
Calls& VfioDevice::calls() const {
    return impl_->calls;
}

Result<Region> VfioDevice::region(std::uint32_t index) const {
    return read_region(impl_->calls, impl_->fd, index, impl_->name);
}

std::vector<Region> VfioDevice::regions() const {
    std::vector<Region> found;
    for (std::uint32_t index = 0; index < impl_->info.regions; ++index)
        if (auto one = region(index); one && one->size > 0)
            found.push_back(std::move(*one));
    return found;
}

Result<Region> VfioDevice::region(const RegionType& type) const {
    for (Region& one : regions())
        if (one.type == type)
            return std::move(one);
    return base::fail(Code::kNotFound, "find a region", impl_->name,
                      "the driver offers none of type " + hex_text(type.type) + ", subtype " +
                          std::to_string(type.subtype));
}

RegionIo VfioDevice::io(const Region& region) const {
    return {impl_->calls, impl_->fd, region,
            impl_->name + " " + region_name(region, impl_->info.is_pci())};
}

Result<RegionMap> VfioDevice::map(const Region& region) const {
    return RegionMap::map(impl_->calls, impl_->fd, region,
                          impl_->name + " " + region_name(region, impl_->info.is_pci()));
}

Result<RegionIo> VfioDevice::config() const {
    if (!impl_->info.is_pci())
        return base::fail(Code::kUnsupported, "config space", impl_->name, "not a PCI device");
    const auto space = region(static_cast<std::uint32_t>(abi::PciRegion::kConfig));
    if (!space)
        return base::propagate(space);
    return io(*space);
}

Result<std::vector<std::byte>> VfioDevice::read_config() const {
    const auto space = config();
    if (!space)
        return base::propagate(space);
    std::vector<std::byte> bytes(space->region().size);
    if (const auto done = space->read(0, bytes); !done)
        return base::propagate(done);
    return bytes;
}

std::vector<Irq> VfioDevice::irqs() const {
    std::vector<Irq> found;
    for (std::uint32_t index = 0; index < impl_->info.irqs; ++index)
        if (const auto one = read_irq(impl_->calls, impl_->fd, index, impl_->name);
            one && one->count > 0)
            found.push_back(*one);
    return found;
}

Result<void> VfioDevice::set_bus_mastering(BusMastering state) const {
    constexpr std::uint64_t kCommand = 0x04;
    constexpr std::uint16_t kBusMaster = 1U << 2;
    constexpr std::uint16_t kMemory = 1U << 1;
    const auto space = config();
    if (!space)
        return base::propagate(space);
    const auto command = space->read16(kCommand);
    if (!command)
        return base::propagate(command);
    const auto wanted = static_cast<std::uint16_t>(
        state == BusMastering::kOn ? *command | kBusMaster | kMemory : *command & ~kBusMaster);
    return wanted == *command ? Result<void>{} : space->write16(kCommand, wanted);
}

Result<void> VfioDevice::reset() const {
    return reset_device(impl_->calls, impl_->fd, impl_->name);
}

}  // namespace vfio
