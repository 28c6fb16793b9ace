// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/device.hpp"

#include <cerrno>

#include "sysfs/inventory.hpp"
#include "sysfs/names.hpp"
#include "vfio/abi/pci.hpp"
#include "vfio/error.hpp"
#include "vfio/reset.hpp"
#include "vfio/viability.hpp"

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
struct Device::State {
    Calls& calls;
    std::string name;
    std::shared_ptr<AddressSpace> space;
    std::shared_ptr<OpenGroup> group;
    std::vector<Skipped> skipped;
    BoundDevice bound;
    DeviceInfo info;
    DeviceFd fd;
    bool let_go = false;
};

namespace {

Result<sysfs::Device> discover(const sysfs::Root& root, const std::string& name) {
    if (const auto slash = name.find('/'); slash != std::string::npos)
        return sysfs::read_device(root, {name.substr(0, slash), name.substr(slash + 1)}, {});
    if (const auto uuid = sysfs::parse_uuid(name))
        return sysfs::read_device(root, {"mdev", *uuid}, {});
    if (const auto address = sysfs::parse_pci_address_loosely(name))
        return sysfs::read_device(root, {"pci", address->text()}, {});
    return sysfs::fail(Code::kInvalid, "open", name, "neither an address, BUS/NAME nor a UUID");
}

Result<Target> find_target(const sysfs::Root& root, const std::string& name) {
    const auto device = discover(root, name);
    if (!device)
        return sysfs::propagate(device);
    if (!device->vfio)
        return sysfs::fail(Code::kRefused, "open", device->id.display(),
                           device->driver ? "its driver is " + *device->driver + ", not a VFIO one"
                                          : "it has no driver",
                           "bind it first: vfioctl bind " + device->id.display());
    return target_of(*device);
}

/// The kernel says that a group is not viable, or that someone else owns its DMA, and not who.
Error name_the_blocker(Error error, const sysfs::Root& root, const Target& target) {
    if (!target.group)
        return error;
    const std::string blockers = text(group_blockers(root, *target.group));
    if (!blockers.empty())
        error.hint =
            "in its IOMMU group: " + blockers + (error.hint.empty() ? "" : "; ") + error.hint;
    return error;
}

}  // namespace

Device::Device(std::unique_ptr<State> state) : state_(std::move(state)) {}
Device::Device(Device&&) noexcept = default;
Device& Device::operator=(Device&&) noexcept = default;

Device::~Device() {
    if (state_ && !state_->let_go && state_->space->backend() == Backend::kIommufd)
        static_cast<void>(state_->space->detach_device({.fd = state_->fd, .name = state_->name}));
}

void Device::let_go() {
    state_->let_go = true;
}

Result<Device> Device::from(Calls& calls, Opened opened, std::string name) {
    auto info = read_device_info(calls, opened.device, name);
    if (!info)
        return sysfs::propagate(info);
    std::shared_ptr<OpenGroup> group;
    if (opened.group.valid())
        group = std::make_shared<OpenGroup>(opened.space, std::move(opened.group), name);
    return Device(std::unique_ptr<State>(new State{.calls = calls,
                                                   .name = std::move(name),
                                                   .space = std::move(opened.space),
                                                   .group = std::move(group),
                                                   .skipped = std::move(opened.skipped),
                                                   .bound = opened.bound,
                                                   .info = std::move(*info),
                                                   .fd = std::move(opened.device)}));
}

Result<Device> Device::open_target(Calls& calls, const Target& target, const Wish& wish) {
    auto opened = open_device(calls, target, wish);
    if (!opened)
        return tl::unexpected<Error>(name_the_blocker(opened.error(), wish.root, target));
    return from(calls, std::move(*opened), target.name);
}

Result<Device> Device::open(Calls& calls, const std::string& name, const Wish& wish) {
    const auto target = find_target(wish.root, name);
    if (!target)
        return sysfs::propagate(target);
    return open_target(calls, *target, wish);
}

Result<Device> Device::open(Calls& calls, const std::string& name, const Wish& wish,
                            const VfToken& token) {
    auto target = find_target(wish.root, name);
    if (!target)
        return sysfs::propagate(target);
    target->token = token;
    return open_target(calls, *target, wish);
}

Result<Device> Device::open_in(Calls& calls, const std::string& name,
                               const std::shared_ptr<AddressSpace>& space,
                               const sysfs::Root& root) {
    const auto target = find_target(root, name);
    if (!target)
        return sysfs::propagate(target);
    auto opened = open_device_in(calls, *target, space);
    if (!opened)
        return tl::unexpected<Error>(name_the_blocker(opened.error(), root, *target));
    return from(calls, std::move(*opened), target->name);
}

Result<Device> Device::sibling(const std::string& name) const {
    if (!state_->group)
        return sysfs::fail(Code::kUnsupported, "open", name,
                           "there is no group's fd on iommufd: open the device by its cdev");
    std::string request = name;
    const int fd = retry(state_->calls, [&] {
        return state_->calls.group(state_->group->fd, abi::GroupCall::kGetDeviceFd, request.data());
    });
    if (fd < 0)
        return fail_call(
            -fd, "open the device", name,
            fd == -ENODEV ? "it is not of " + state_->name + "'s group, or not VFIO's" : "");
    Opened opened{.space = state_->space,
                  .skipped = {},
                  .group = {},
                  .device = DeviceFd(sysfs::UniqueFd(fd)),
                  .bound = {}};
    auto device = from(state_->calls, std::move(opened), name);
    if (device)
        device->state_->group = state_->group;
    return device;
}

const std::string& Device::name() const {
    return state_->name;
}
const DeviceInfo& Device::info() const {
    return state_->info;
}
const std::shared_ptr<AddressSpace>& Device::space() const {
    return state_->space;
}
const std::vector<Skipped>& Device::skipped() const {
    return state_->skipped;
}
const BoundDevice& Device::bound() const {
    return state_->bound;
}
const DeviceFd& Device::fd() const {
    return state_->fd;
}
const GroupFd& Device::group() const {
    static const GroupFd none;
    return state_->group ? state_->group->fd : none;
}
Calls& Device::calls() const {
    return state_->calls;
}

Result<Region> Device::region(std::uint32_t index) const {
    return read_region(state_->calls, state_->fd, index, state_->name);
}

std::vector<Region> Device::regions() const {
    std::vector<Region> found;
    for (std::uint32_t index = 0; index < state_->info.regions; ++index)
        if (auto one = region(index); one && one->size > 0)
            found.push_back(std::move(*one));
    return found;
}

Result<Region> Device::region(const RegionType& type) const {
    for (Region& one : regions())
        if (one.type == type)
            return std::move(one);
    return sysfs::fail(Code::kNotFound, "find a region", state_->name,
                       "the driver offers none of type " + hex_text(type.type) + ", subtype " +
                           std::to_string(type.subtype));
}

RegionIo Device::io(const Region& region) const {
    return {state_->calls, state_->fd, region,
            state_->name + " " + region_name(region, state_->info.is_pci())};
}

Result<RegionMap> Device::map(const Region& region) const {
    return RegionMap::map(state_->calls, state_->fd, region,
                          state_->name + " " + region_name(region, state_->info.is_pci()));
}

Result<RegionIo> Device::config() const {
    if (!state_->info.is_pci())
        return sysfs::fail(Code::kUnsupported, "config space", state_->name, "not a PCI device");
    const auto space = region(static_cast<std::uint32_t>(abi::PciRegion::kConfig));
    if (!space)
        return sysfs::propagate(space);
    return io(*space);
}

Result<std::vector<std::byte>> Device::read_config() const {
    const auto space = config();
    if (!space)
        return sysfs::propagate(space);
    std::vector<std::byte> bytes(space->region().size);
    if (const auto done = space->read(0, bytes); !done)
        return sysfs::propagate(done);
    return bytes;
}

std::vector<Irq> Device::irqs() const {
    std::vector<Irq> found;
    for (std::uint32_t index = 0; index < state_->info.irqs; ++index)
        if (const auto one = read_irq(state_->calls, state_->fd, index, state_->name);
            one && one->count > 0)
            found.push_back(*one);
    return found;
}

Result<void> Device::set_bus_mastering(BusMastering state) const {
    constexpr std::uint64_t kCommand = 0x04;
    constexpr std::uint16_t kBusMaster = 1U << 2;
    constexpr std::uint16_t kMemory = 1U << 1;
    const auto space = config();
    if (!space)
        return sysfs::propagate(space);
    const auto command = space->read16(kCommand);
    if (!command)
        return sysfs::propagate(command);
    const auto wanted = static_cast<std::uint16_t>(
        state == BusMastering::kOn ? *command | kBusMaster | kMemory : *command & ~kBusMaster);
    return wanted == *command ? Result<void>{} : space->write16(kCommand, wanted);
}

Result<void> Device::reset() const {
    return reset_device(state_->calls, state_->fd, state_->name);
}

}  // namespace vfio
