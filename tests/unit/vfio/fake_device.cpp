// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_device.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace abi = vfio::abi;

namespace {

template <typename T>
T load(const void* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

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
        const abi::CapHeader header{
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

int FakeDevice::call(abi::DeviceCall call, void* argument) {
    ++calls;
    if (next_errno != 0)
        return -std::exchange(next_errno, 0);
    switch (call) {
        case abi::DeviceCall::kGetInfo:
            return get_info(argument);
        case abi::DeviceCall::kGetRegionInfo:
            return get_region_info(argument);
        case abi::DeviceCall::kGetIrqInfo:
            return get_irq_info(argument);
        case abi::DeviceCall::kSetIrqs:
            return set_irqs(argument);
        case abi::DeviceCall::kReset:
            return reset();
        case abi::DeviceCall::kGetPciHotResetInfo:
            return hot_reset_info(argument);
        case abi::DeviceCall::kPciHotReset:
            return hot_reset(argument);
        case abi::DeviceCall::kFeature:
            return feature(argument);
        case abi::DeviceCall::kQueryGfxPlane:
        case abi::DeviceCall::kGetGfxDmabuf:
        case abi::DeviceCall::kIoeventfd:
        case abi::DeviceCall::kBindIommufd:
        case abi::DeviceCall::kAttachIommufdPt:
        case abi::DeviceCall::kDetachIommufdPt:
            return -ENOTTY;
    }
    return -ENOTTY;
}

std::uint32_t FakeDevice::region_count() const {
    const std::uint32_t listed = regions.empty() ? 0 : regions.rbegin()->first + 1;
    return (flags & abi::kDevicePci) != 0 ? std::max(listed, abi::kPciNumRegions) : listed;
}

int FakeDevice::get_info(void* argument) {
    auto info = load<abi::DeviceInfo>(argument);
    if (info.argsz < abi::kDeviceInfoOldSize)
        return -EINVAL;
    const std::uint32_t given = info.argsz;
    info = {};
    info.argsz = given;
    info.flags = flags;
    info.num_regions = region_count();
    info.num_irqs = irqs.empty() ? 0 : irqs.rbegin()->first + 1;
    return answer_with_caps(argument, info, caps, abi::kDeviceCaps);
}

int FakeDevice::get_region_info(void* argument) {
    auto info = load<abi::RegionInfo>(argument);
    if (info.argsz < sizeof info || info.index >= region_count())
        return -EINVAL;
    const auto found = regions.find(info.index);
    // No VGA on the device, no VGA region; an absent BAR is a region of size 0.
    if (found == regions.end() && info.index == static_cast<std::uint32_t>(abi::PciRegion::kVga))
        return -EINVAL;
    const FakeRegion none;
    const FakeRegion& region = found == regions.end() ? none : found->second;
    info.flags = region.flags;
    info.cap_offset = 0;
    info.size = region.bytes.size();
    info.offset = static_cast<std::uint64_t>(info.index) << region_shift;
    return answer_with_caps(argument, info, region.caps, abi::kRegionCaps);
}

int FakeDevice::get_irq_info(void* argument) {
    auto info = load<abi::IrqInfo>(argument);
    const auto found = irqs.find(info.index);
    if (info.argsz < sizeof info || found == irqs.end())
        return -EINVAL;
    info.flags = found->second.flags;
    info.count = found->second.count;
    std::memcpy(argument, &info, sizeof info);
    return 0;
}

int FakeDevice::set_irqs(void* argument) {
    const auto set = load<abi::IrqSet>(argument);
    const auto irq = irqs.find(set.index);
    if (set.argsz < sizeof set || irq == irqs.end() || set.start >= irq->second.count ||
        set.start + set.count > irq->second.count)
        return -EINVAL;
    auto& vectors = eventfds[set.index];
    const bool trigger = (set.flags & abi::kIrqSetActionTrigger) != 0;
    if ((set.flags & abi::kIrqSetDataNone) != 0) {
        if (trigger && set.count == 0)
            vectors.clear();
        else if (trigger && vectors.empty())
            return -EINVAL;
        else if (trigger)
            return signal(vectors, set.start, set.count);
        return 0;
    }
    if ((set.flags & abi::kIrqSetActionMask) != 0)
        return -ENOTTY;  // masking by eventfd was never there
    if ((set.flags & abi::kIrqSetActionUnmask) != 0)
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
    return (flags & abi::kDeviceReset) != 0 ? 0 : -EINVAL;
}

int FakeDevice::hot_reset_info(void* argument) {
    auto info = load<abi::PciHotResetInfo>(argument);
    if (hot_reset_devices.empty())
        return -ENODEV;
    const std::size_t room = (info.argsz - sizeof info) / sizeof(abi::PciDependentDevice);
    info.count = static_cast<std::uint32_t>(hot_reset_devices.size());
    info.flags = hot_reset_flags;
    std::memcpy(argument, &info, sizeof info);
    if (room < hot_reset_devices.size())
        return -ENOSPC;
    std::memcpy(static_cast<std::byte*>(argument) + sizeof info, hot_reset_devices.data(),
                hot_reset_devices.size() * sizeof(abi::PciDependentDevice));
    return 0;
}

int FakeDevice::hot_reset(void* argument) {
    const auto reset = load<abi::PciHotReset>(argument);
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

int FakeDevice::migrate(abi::FeatureMigState& wanted) {
    const auto target = static_cast<abi::MigState>(wanted.device_state);
    if (migration_state == abi::MigState::kError)
        return -EINVAL;
    if (migration_breaks_in == target) {
        migration_state = abi::MigState::kError;
        return -EIO;
    }
    migration_state = target;
    wanted.data_fd = -1;
    return 0;
}

int FakeDevice::feature(void* argument) {
    const auto header = load<abi::Feature>(argument);
    const auto id = static_cast<abi::FeatureId>(header.flags & abi::kFeatureMask);
    const std::uint32_t direction = header.flags & (abi::kFeatureGet | abi::kFeatureSet);
    const auto found = features.find(id);
    if (found == features.end())
        return -ENOTTY;
    if ((direction & ~found->second) != 0 || direction == 0)
        return -EINVAL;
    if ((header.flags & abi::kFeatureProbe) != 0)
        return 0;
    auto* payload = static_cast<std::byte*>(argument) + sizeof header;
    if (id == abi::FeatureId::kMigration) {
        std::memcpy(payload, &migration_flags, sizeof migration_flags);
    } else if (id == abi::FeatureId::kMigDeviceState) {
        auto state = load<abi::FeatureMigState>(payload);
        int answer = 0;
        if (direction == abi::kFeatureGet)
            state.device_state = static_cast<std::uint32_t>(migration_state);
        else
            answer = migrate(state);
        std::memcpy(payload, &state, sizeof state);
        return answer;
    } else if (id == abi::FeatureId::kDmaLoggingStart) {
        const auto control = load<abi::FeatureDmaLoggingControl>(payload);
        if (control.num_ranges > 4)
            return -E2BIG;
        if (control.page_size < 4096 || (control.page_size & (control.page_size - 1)) != 0)
            return -EINVAL;
    } else if (id == abi::FeatureId::kDmaLoggingReport) {
        const auto report = load<abi::FeatureDmaLoggingReport>(payload);
        std::memset(reinterpret_cast<void*>(static_cast<std::uintptr_t>(report.bitmap)), 0x5a,
                    report.length / report.page_size / 8);
    }
    return 0;
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
    if (!decoding && region != &regions[static_cast<std::uint32_t>(abi::PciRegion::kConfig)])
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
