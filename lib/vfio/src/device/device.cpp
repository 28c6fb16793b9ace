// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/device.hpp"

#include <cerrno>

#include "base/non_copyable.hpp"
#include "base/try.hpp"
#include "vfio/abi/pci.hpp"
#include "vfio/reset.hpp"
#include "vfio/src/abi/errno_hints.hpp"
#include "vfio/src/device/device_discovery.hpp"

namespace vfio {

/// A group's fd, shared by the devices that were opened through it. Closing it detaches their
/// address space.
struct OpenGroup : private base::NonCopyable {
    std::shared_ptr<AddressSpace> space;
    GroupFd fd;
    std::string node;

    OpenGroup(std::shared_ptr<AddressSpace> of, GroupFd group, std::string name)
        : space(std::move(of)), fd(std::move(group)), node(std::move(name)) {}
    ~OpenGroup() {
        // A refusal has no consequence: closing the fd detaches the group as well.
        static_cast<void>(space->detach_group(fd, node));
    }
};

// Members are destroyed from the last to the first: the device's fd (a group with an open device
// cannot leave its container, EBUSY), then the group, then the space.
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
    DeviceInfo info = TRY(read_device_info(calls, opened.device, name));
    std::shared_ptr<OpenGroup> group;
    if (opened.group.valid())
        group = std::make_shared<OpenGroup>(opened.space, std::move(opened.group), name);
    return VfioDevice(std::unique_ptr<Impl>(new Impl{.calls = calls,
                                                     .name = std::move(name),
                                                     .space = std::move(opened.space),
                                                     .group = std::move(group),
                                                     .rejected = std::move(opened.rejected),
                                                     .bound = opened.bound,
                                                     .info = std::move(info),
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
    return open_nodes(calls, TRY(find_nodes(options.root, name)), options);
}

Result<VfioDevice> VfioDevice::open(Calls& calls, const std::string& name,
                                    const OpenOptions& options, const VfToken& token) {
    DeviceNodes nodes = TRY(find_nodes(options.root, name));
    nodes.token = token;
    return open_nodes(calls, nodes, options);
}

Result<VfioDevice> VfioDevice::open_in(Calls& calls, const std::string& name,
                                       const std::shared_ptr<AddressSpace>& space,
                                       const std::string& root) {
    const DeviceNodes nodes = TRY(find_nodes(root, name));
    auto opened = open_device_in(calls, nodes, space);
    if (!opened)
        return tl::unexpected<Error>(with_blockers(opened.error(), root, nodes));
    return adopt(calls, std::move(*opened), nodes.name);
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
    AttachedDevice opened{.space = impl_->space, .device = DeviceFd(UniqueFd(fd))};
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
    return io(TRY(region(static_cast<std::uint32_t>(abi::PciRegion::kConfig))));
}

Result<std::vector<std::byte>> VfioDevice::read_config() const {
    const RegionIo space = TRY(config());
    std::vector<std::byte> bytes(space.region().size);
    TRY(space.read(0, bytes));
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

Result<void> VfioDevice::set_bus_mastering(BusMaster state) const {
    constexpr std::uint64_t kCommand = 0x04;
    constexpr std::uint16_t kBusMaster = 1U << 2;
    constexpr std::uint16_t kMemory = 1U << 1;
    const RegionIo space = TRY(config());
    const std::uint16_t command = TRY(space.read16(kCommand));
    const auto wanted = static_cast<std::uint16_t>(
        state == BusMaster::kOn ? command | kBusMaster | kMemory : command & ~kBusMaster);
    return wanted == command ? Result<void>{} : space.write16(kCommand, wanted);
}

Result<void> VfioDevice::reset() const {
    return reset_device(impl_->calls, impl_->fd, impl_->name);
}

}  // namespace vfio
