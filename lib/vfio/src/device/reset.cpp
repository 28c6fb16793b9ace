// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/reset.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sysfs/device/names.hpp"
#include "vfio/abi/device.hpp"
#include "vfio/abi/pci.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {
namespace {

AffectedDevice affected(const abi::PciDependentDevice& raw, bool by_devid) {
    AffectedDevice device;
    device.address = sysfs::PciAddress{.domain = raw.segment,
                                       .bus = raw.bus,
                                       .slot = static_cast<std::uint8_t>(raw.devfn >> 3),
                                       .function = static_cast<std::uint8_t>(raw.devfn & 7)}
                         .text();
    if (!by_devid) {
        device.group = raw.group_or_devid;
        return device;
    }
    device.owned = raw.group_or_devid != abi::kPciDevidNotOwned;
    if (device.owned && raw.group_or_devid != abi::kPciDevidOwned)
        device.devid = raw.group_or_devid;
    return device;
}

HotResetScope parse_hot_reset_info(const abi::PciHotResetInfo& info,
                                   std::span<const std::byte> devices) {
    HotResetScope scope;
    scope.by_devid = (info.flags & abi::kHotResetDevId) != 0;
    scope.all_owned = (info.flags & abi::kHotResetDevIdOwned) != 0;
    const std::size_t there = devices.size() / sizeof(abi::PciDependentDevice);
    for (std::size_t i = 0; i < std::min<std::size_t>(info.count, there); ++i) {
        abi::PciDependentDevice raw{};
        std::memcpy(&raw, devices.data() + i * sizeof raw, sizeof raw);
        scope.devices.push_back(affected(raw, scope.by_devid));
    }
    return scope;
}

}  // namespace

Result<void> reset_device(Calls& calls, const DeviceFd& fd, const std::string& device) {
    const int answer = device_call(calls, fd, abi::DeviceCall::kReset, {});
    if (answer >= 0)
        return {};
    auto failed = fail_call(-answer, "reset", device);
    if (answer == -EINVAL || answer == -ENOTTY) {
        failed.value().code = Code::kUnsupported;
        failed.value().hint = "it cannot be reset alone; a hot reset takes its whole bus or slot";
    }
    return failed;
}

std::vector<std::uint32_t> HotResetScope::groups() const {
    std::vector<std::uint32_t> all;
    for (const AffectedDevice& device : devices)
        if (device.group)
            all.push_back(*device.group);
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

// The kernel answers ENOSPC with the count when the devices do not fit, and does not touch argsz.
Result<HotResetScope> hot_reset_scope(Calls& calls, const DeviceFd& fd, const std::string& device) {
    constexpr std::uint32_t kMost = 256 * 256;
    std::uint32_t room = 0;
    for (int round = 0; round < 4; ++round) {
        std::vector<std::byte> buffer(sizeof(abi::PciHotResetInfo) +
                                      room * sizeof(abi::PciDependentDevice));
        abi::PciHotResetInfo info{
            .argsz = static_cast<std::uint32_t>(buffer.size()), .flags = 0, .count = 0};
        std::memcpy(buffer.data(), &info, sizeof info);
        const int answer =
            device_call(calls, fd, abi::DeviceCall::kGetPciHotResetInfo, buffer.data());
        std::memcpy(&info, buffer.data(), sizeof info);
        if (answer >= 0)
            return parse_hot_reset_info(info, std::span(buffer).subspan(sizeof info));
        if (answer != -ENOSPC || info.count <= room || info.count > kMost) {
            auto failed = fail_call(-answer, "hot reset info", device);
            if (answer == -ENODEV) {
                failed.value().code = Code::kUnsupported;
                failed.value().hint = "neither its slot nor its bus can be reset";
            } else if (answer == -EPERM) {
                failed.value().hint = "a device on its bus is in no IOMMU group";
            }
            return failed;
        }
        room = info.count;
    }
    return base::fail(Code::kFailed, "hot reset info", device, "the bus keeps growing");
}

namespace {

constexpr ErrnoHint kHotResetHints[] = {
    {EINVAL,
     "every affected group must be shown (a cdev: none), and every device on the bus be bound to "
     "VFIO"},
    {EBUSY, "another reset, or an open, of a device on the bus is going on"},
    // pci_bridge_wait_for_secondary_bus: it was reset, and did not come back
    {ENOTTY,
     "the link above it did not come up again in time, or the bus cannot be reset; the kernel log "
     "tells which"},
};

}  // namespace

Result<void> hot_reset(Calls& calls, const DeviceFd& fd, std::span<const GroupFd* const> groups,
                       const std::string& device) {
    std::vector<std::byte> buffer(sizeof(abi::PciHotReset) + groups.size() * sizeof(std::int32_t));
    const abi::PciHotReset reset{.argsz = static_cast<std::uint32_t>(buffer.size()),
                                 .flags = 0,
                                 .count = static_cast<std::uint32_t>(groups.size())};
    std::memcpy(buffer.data(), &reset, sizeof reset);
    std::size_t offset = sizeof reset;
    for (const GroupFd* group : groups) {
        const std::int32_t raw = group->get();
        std::memcpy(buffer.data() + offset, &raw, sizeof raw);
        offset += sizeof raw;
    }
    const int answer = device_call(calls, fd, abi::DeviceCall::kPciHotReset, buffer.data());
    if (answer >= 0)
        return {};
    return fail_call(-answer, "hot reset", device, find_hint(kHotResetHints, -answer));
}

}  // namespace vfio
