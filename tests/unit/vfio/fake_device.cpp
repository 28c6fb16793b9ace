// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_device.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace uapi = vfio::abi;

namespace {

/// vfio_info_add_capability and the copy at the end of every info call: what does not fit is not
/// copied, and argsz tells how much would have been needed.
template <typename T>
int answer_with_caps(void* argument, T info, const std::vector<FakeCap>& caps,
                     std::uint32_t caps_flag) {
    const auto given = info.argsz;
    std::vector<std::byte> chain;
    for (std::size_t i = 0; i < caps.size(); ++i) {
        const std::size_t start = chain.size();
        const std::size_t length = (8 + caps[i].body.size() + 7) / 8 * 8;
        chain.resize(start + length);
        const uapi::CapHeader header{
            .id = caps[i].id,
            .version = caps[i].version,
            .next =
                i + 1 < caps.size() ? static_cast<std::uint32_t>(sizeof(T) + start + length) : 0};
        std::memcpy(chain.data() + start, &header, sizeof header);
        std::copy(caps[i].body.begin(), caps[i].body.end(),
                  chain.begin() + static_cast<std::ptrdiff_t>(start) + 8);
    }
    if (!chain.empty()) {
        info.flags |= caps_flag;
        if (given < sizeof info + chain.size()) {
            info.argsz = static_cast<std::uint32_t>(sizeof info + chain.size());
            info.cap_offset = 0;
        } else {
            std::memcpy(static_cast<std::byte*>(argument) + sizeof info, chain.data(),
                        chain.size());
            info.cap_offset = sizeof info;
        }
    }
    std::memcpy(argument, &info, std::min<std::size_t>(given, sizeof info));
    return 0;
}

/// The loop-back; a vector without an eventfd is nobody's.
int signal(const std::vector<std::int32_t>& eventfds, std::uint32_t first,
           std::uint32_t count) {
    const std::uint64_t one = 1;
    for (std::size_t i = first; i < std::min<std::size_t>(first + count, eventfds.size()); ++i)
        if (eventfds[i] >= 0 && ::write(eventfds[i], &one, sizeof one) != sizeof one)
            return -EBADF;
    return 0;
}

}  // namespace

int FakeDevice::call(uapi::DeviceCall call, void* argument) {
    ++calls;
    if (next_errno != 0)
        return -std::exchange(next_errno, 0);
    switch (call) {
        case uapi::DeviceCall::kGetInfo:
            return get_info(argument);
        case uapi::DeviceCall::kGetRegionInfo:
            return get_region_info(argument);
        case uapi::DeviceCall::kGetIrqInfo:
            return get_irq_info(argument);
        case uapi::DeviceCall::kSetIrqs:
            return set_irqs(argument);
        case uapi::DeviceCall::kReset:
            return reset();
        case uapi::DeviceCall::kGetPciHotResetInfo:
            return hot_reset_info(argument);
        case uapi::DeviceCall::kPciHotReset:
            return hot_reset(argument);
        case uapi::DeviceCall::kFeature:
            return feature(argument);
        case uapi::DeviceCall::kQueryGfxPlane:
            return query_plane(argument);
        case uapi::DeviceCall::kGetGfxDmabuf:
            return plane_buffer(load<std::uint32_t>(argument));
        case uapi::DeviceCall::kIoeventfd:
            return ioeventfd(load<uapi::Ioeventfd>(argument));
        case uapi::DeviceCall::kBindIommufd:
        case uapi::DeviceCall::kAttachIommufdPt:
        case uapi::DeviceCall::kDetachIommufdPt:
            return -ENOTTY;
    }
    return -ENOTTY;
}

std::uint32_t FakeDevice::region_count() const {
    const std::uint32_t listed = regions.empty() ? 0 : regions.rbegin()->first + 1;
    return (flags & uapi::kDevicePci) != 0 ? std::max(listed, uapi::kPciNumRegions) : listed;
}

int FakeDevice::get_info(void* argument) {
    auto info = load<uapi::DeviceInfo>(argument);
    if (info.argsz < uapi::kDeviceInfoOldSize)
        return -EINVAL;
    const std::uint32_t given = info.argsz;
    info = {};
    info.argsz = given;
    info.flags = flags;
    info.num_regions = region_count();
    info.num_irqs = irqs.empty() ? 0 : irqs.rbegin()->first + 1;
    return answer_with_caps(argument, info, caps, uapi::kDeviceCaps);
}

int FakeDevice::get_region_info(void* argument) {
    auto info = load<uapi::RegionInfo>(argument);
    if (info.argsz < sizeof info || info.index >= region_count())
        return -EINVAL;
    const auto found = regions.find(info.index);
    // No VGA on the device, no VGA region; an absent BAR is a region of size 0.
    if (found == regions.end() && info.index == static_cast<std::uint32_t>(uapi::PciRegion::kVga))
        return -EINVAL;
    const FakeRegion none;
    const FakeRegion& region = found == regions.end() ? none : found->second;
    info.flags = region.flags;
    info.cap_offset = 0;
    info.size = region.bytes.size();
    info.offset = static_cast<std::uint64_t>(info.index) << region_shift;
    return answer_with_caps(argument, info, region.caps, uapi::kRegionCaps);
}

int FakeDevice::get_irq_info(void* argument) {
    auto info = load<uapi::IrqInfo>(argument);
    const auto found = irqs.find(info.index);
    if (info.argsz < sizeof info || found == irqs.end())
        return -EINVAL;
    info.flags = found->second.flags;
    info.count = found->second.count;
    std::memcpy(argument, &info, sizeof info);
    return 0;
}

int FakeDevice::set_irqs(void* argument) {
    const auto set = load<uapi::IrqSet>(argument);
    const auto irq = irqs.find(set.index);
    if (set.argsz < sizeof set || irq == irqs.end() || set.start >= irq->second.count ||
        set.start + set.count > irq->second.count)
        return -EINVAL;
    auto& vectors = eventfds[set.index];
    const bool trigger = (set.flags & uapi::kIrqSetActionTrigger) != 0;
    if ((set.flags & uapi::kIrqSetDataNone) != 0) {
        if (trigger && set.count == 0)
            vectors.clear();
        else if (trigger && vectors.empty())
            return -EINVAL;
        else if (trigger)
            return signal(vectors, set.start, set.count);
        return 0;
    }
    if ((set.flags & uapi::kIrqSetActionMask) != 0)
        return -ENOTTY;  // masking by eventfd was never there
    if ((set.flags & uapi::kIrqSetActionUnmask) != 0)
        return 0;
    for (std::uint32_t other = 0; other < 3; ++other)
        if (set.index < 3 && other != set.index && !eventfds[other].empty())
            return -EINVAL;
    if (set.index != 0 && set.count > vectors_left)
        return static_cast<int>(vectors_left);
    vectors.resize(std::max<std::size_t>(vectors.size(), set.start + set.count), -1);
    std::memcpy(vectors.data() + set.start, static_cast<std::byte*>(argument) + sizeof set,
                set.count * sizeof(std::int32_t));
    return 0;
}

int FakeDevice::reset() {
    if (contended > 0) {
        --contended;
        return -EAGAIN;
    }
    return (flags & uapi::kDeviceReset) != 0 ? 0 : -EINVAL;
}

int FakeDevice::hot_reset_info(void* argument) {
    auto info = load<uapi::PciHotResetInfo>(argument);
    if (hot_reset_devices.empty())
        return -ENODEV;
    const std::size_t room = (info.argsz - sizeof info) / sizeof(uapi::PciDependentDevice);
    info.count = static_cast<std::uint32_t>(hot_reset_devices.size());
    info.flags = hot_reset_flags;
    std::memcpy(argument, &info, sizeof info);
    if (room < hot_reset_devices.size())
        return -ENOSPC;
    std::memcpy(static_cast<std::byte*>(argument) + sizeof info, hot_reset_devices.data(),
                hot_reset_devices.size() * sizeof(uapi::PciDependentDevice));
    return 0;
}

int FakeDevice::hot_reset(void* argument) {
    const auto reset = load<uapi::PciHotReset>(argument);
    if ((reset.count != 0) == through_cdev)
        return -EINVAL;
    reset_groups_shown.clear();
    for (std::uint32_t i = 0; i < reset.count; ++i)
        reset_groups_shown.insert(load<std::uint32_t>(static_cast<std::byte*>(argument) +
                                                      sizeof reset + i * sizeof(std::int32_t)));
    std::set<std::uint32_t> needed;
    if (!through_cdev)
        for (const auto& device : hot_reset_devices)
            needed.insert(device.group_or_devid);
    return reset_groups_shown.size() < needed.size() ? -EINVAL : 0;
}

FakeRegion* FakeDevice::region_at(std::uint64_t offset, std::uint64_t& within) {
    const auto found = regions.find(static_cast<std::uint32_t>(offset >> region_shift));
    within = offset & ((1ULL << region_shift) - 1);
    return found == regions.end() || within >= found->second.bytes.size() ? nullptr
                                                                          : &found->second;
}

ssize_t FakeDevice::pread(std::span<std::byte> into, std::uint64_t offset) {
    std::uint64_t within = 0;
    const FakeRegion* region = region_at(offset, within);
    if (region == nullptr)
        return -EINVAL;
    if (!decoding && region != &regions[static_cast<std::uint32_t>(uapi::PciRegion::kConfig)])
        return -EIO;
    const std::size_t length = std::min(
        {into.size(), static_cast<std::size_t>(region->bytes.size() - within), short_transfer});
    std::memcpy(into.data(), region->bytes.data() + within, length);
    return static_cast<ssize_t>(length);
}

ssize_t FakeDevice::pwrite(std::span<const std::byte> from, std::uint64_t offset) {
    std::uint64_t within = 0;
    FakeRegion* region = region_at(offset, within);
    if (region == nullptr)
        return -EINVAL;
    const std::size_t length = std::min(
        {from.size(), static_cast<std::size_t>(region->bytes.size() - within), short_transfer});
    std::memcpy(region->bytes.data() + within, from.data(), length);
    return static_cast<ssize_t>(length);
}
