// SPDX-License-Identifier: LGPL-2.1-or-later
// VFIO_DEVICE_FEATURE (vfio_main.c, pci/vfio_pci_core.c, pci/vfio_pci_dmabuf.c), a migration that
// moves no data, displays (samples' mdpy.c) and ioeventfds (pci/vfio_pci_rdwr.c).
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "fake_device.hpp"

namespace uapi = vfio::abi;

namespace {

bool carries_data(uapi::MigState state) {
    return state == uapi::MigState::kStopCopy || state == uapi::MigState::kResuming ||
           state == uapi::MigState::kPreCopy || state == uapi::MigState::kPreCopyP2p;
}

bool in_precopy(uapi::MigState state) {
    return state == uapi::MigState::kPreCopy || state == uapi::MigState::kPreCopyP2p;
}

std::uint64_t inode_of(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}

}  // namespace

/// From PRE_COPY to STOP_COPY the data goes on in the same fd (vfio.h).
int FakeDevice::migrate(uapi::FeatureMigState& wanted) {
    const auto target = static_cast<uapi::MigState>(wanted.device_state);
    if (migration_state == uapi::MigState::kError)
        return -EINVAL;
    if (migration_breaks_in == target) {
        migration_state = uapi::MigState::kError;
        return -EIO;
    }
    wanted.data_fd = -1;
    if (carries_data(target) && !in_precopy(migration_state)) {
        wanted.data_fd = ::memfd_create("migration", MFD_CLOEXEC);
        migration_inode_ = inode_of(wanted.data_fd);
    }
    migration_state = target;
    return 0;
}

bool FakeDevice::owns_migration(int fd) const {
    return migration_inode_ != 0 && inode_of(fd) == migration_inode_;
}

/// Kernels before the feature give the caller's own flags back.
int FakeDevice::precopy(void* argument) {
    auto info = load<uapi::PrecopyInfo>(argument);
    if (info.argsz < sizeof info || !in_precopy(migration_state))
        return -EINVAL;
    if (precopy_v2)
        info.flags = uapi::kPrecopyInfoReinit;
    info.initial_bytes = 0x1000;
    info.dirty_bytes = 0x200;
    std::memcpy(argument, &info, sizeof info);
    return 0;
}

int FakeDevice::export_ranges(const std::byte* payload, std::size_t size) {
    const auto fixed = load<uapi::FeatureDmaBuf>(payload);
    if (size < sizeof fixed + fixed.nr_ranges * sizeof(uapi::DmaBufRange) || fixed.nr_ranges == 0)
        return -EINVAL;
    const auto region = regions.find(fixed.region_index);
    if (region == regions.end() || (region->second.flags & uapi::kRegionMmap) == 0)
        return -ENODEV;
    for (std::uint32_t i = 0; i < fixed.nr_ranges; ++i) {
        const auto range = load<uapi::DmaBufRange>(payload + sizeof fixed + i * sizeof(uapi::DmaBufRange));
        if (((range.offset | range.length) & 4095) != 0 || range.length == 0 ||
            range.offset + range.length > region->second.bytes.size())
            return -EINVAL;
    }
    return ::memfd_create("dma-buf", MFD_CLOEXEC);
}

int FakeDevice::state_feature(std::byte* payload, std::uint32_t direction) {
    auto state = load<uapi::FeatureMigState>(payload);
    int answer = 0;
    if (direction == uapi::kFeatureGet)
        state.device_state = static_cast<std::uint32_t>(migration_state);
    else
        answer = migrate(state);
    std::memcpy(payload, &state, sizeof state);
    return answer;
}

int FakeDevice::sleep(uapi::FeatureId id, const std::byte* payload) {
    if (id == uapi::FeatureId::kLowPowerExit) {
        wakeup_eventfd = -1;
        asleep = false;
        return 0;
    }
    if (asleep)
        return -EINVAL;
    asleep = true;
    if (id == uapi::FeatureId::kLowPowerEntryWithWakeup)
        wakeup_eventfd = load<uapi::FeatureLowPowerWakeup>(payload).wakeup_eventfd;
    return 0;
}

int FakeDevice::start_logging(const uapi::FeatureDmaLoggingControl& control) {
    if (control.num_ranges > 4)
        return -E2BIG;
    if (control.page_size < 4096 || (control.page_size & (control.page_size - 1)) != 0)
        return -EINVAL;
    std::vector<uapi::DmaLoggingRange> ranges(control.num_ranges);
    std::memcpy(ranges.data(), reinterpret_cast<const void*>(control.ranges),
                ranges.size() * sizeof(uapi::DmaLoggingRange));
    std::sort(ranges.begin(), ranges.end(),
              [](const auto& a, const auto& b) { return a.iova < b.iova; });
    for (std::size_t i = 1; i < ranges.size(); ++i)
        if (ranges[i].iova - ranges[i - 1].iova < ranges[i - 1].length)
            return -EINVAL;
    return 0;
}

int FakeDevice::feature(void* argument) {
    const auto header = load<uapi::Feature>(argument);
    const auto id = static_cast<uapi::FeatureId>(header.flags & uapi::kFeatureMask);
    const std::uint32_t direction = header.flags & (uapi::kFeatureGet | uapi::kFeatureSet);
    const auto found = features.find(id);
    if (found == features.end())
        return -ENOTTY;
    if ((direction & ~found->second) != 0 || direction == 0)
        return -EINVAL;
    if ((header.flags & uapi::kFeatureProbe) != 0)
        return 0;
    auto* payload = static_cast<std::byte*>(argument) + sizeof header;
    switch (id) {
        case uapi::FeatureId::kPciVfToken:
            token = load<uapi::FeatureVfToken>(payload);
            return 0;
        case uapi::FeatureId::kMigration:
            std::memcpy(payload, &migration_flags, sizeof migration_flags);
            return 0;
        case uapi::FeatureId::kMigDeviceState:
            return state_feature(payload, direction);
        case uapi::FeatureId::kLowPowerEntry:
        case uapi::FeatureId::kLowPowerEntryWithWakeup:
        case uapi::FeatureId::kLowPowerExit:
            return sleep(id, payload);
        case uapi::FeatureId::kDmaLoggingStart:
            return start_logging(load<uapi::FeatureDmaLoggingControl>(payload));
        case uapi::FeatureId::kDmaLoggingStop:
            return 0;
        case uapi::FeatureId::kDmaLoggingReport: {
            const auto report = load<uapi::FeatureDmaLoggingReport>(payload);
            std::memset(reinterpret_cast<void*>(static_cast<std::uintptr_t>(report.bitmap)), 0x5a,
                        report.length / report.page_size / 8);
            return 0;
        }
        case uapi::FeatureId::kMigDataSize: {
            const uapi::FeatureMigDataSize size{.stop_copy_length = 0x5000};
            std::memcpy(payload, &size, sizeof size);
            return 0;
        }
        case uapi::FeatureId::kBusMaster:
            bus_master = load<uapi::FeatureBusMaster>(payload).op;
            return 0;
        case uapi::FeatureId::kDmaBuf:
            return export_ranges(payload, header.argsz - sizeof header);
        case uapi::FeatureId::kMigPrecopyInfoV2:
            precopy_v2 = true;
            return 0;
    }
    return -ENOTTY;
}

int FakeDevice::query_plane(void* argument) const {
    const auto asked = load<uapi::GfxPlaneInfo>(argument);
    if (!plane)
        return -ENOTTY;
    if ((asked.flags & ~uapi::kGfxPlaneProbe) != plane->flags)
        return -EINVAL;
    if ((asked.flags & uapi::kGfxPlaneProbe) != 0)
        return 0;
    if (asked.drm_plane_type != plane->drm_plane_type)
        return -EINVAL;
    std::memcpy(argument, &*plane, sizeof *plane);
    return 0;
}

int FakeDevice::plane_buffer(std::uint32_t handle) const {
    if (!plane || plane->flags != uapi::kGfxPlaneDmabuf)
        return -ENOTTY;
    return handle == plane->region_or_dmabuf ? ::memfd_create("plane", MFD_CLOEXEC) : -ENOENT;
}

int FakeDevice::ioeventfd(const uapi::Ioeventfd& request) {
    std::uint64_t within = 0;
    const auto index = static_cast<std::uint32_t>(request.offset >> region_shift);
    if (request.argsz < sizeof request || region_at(request.offset, within) == nullptr || index > 5)
        return -EINVAL;
    const auto found = ioeventfds.find(request.offset);
    if (request.fd < 0) {
        if (found == ioeventfds.end())
            return -ENODEV;
        ioeventfds.erase(found);
        return 0;
    }
    if (found != ioeventfds.end())
        return -EEXIST;
    ioeventfds.emplace(request.offset, request);
    return 0;
}
