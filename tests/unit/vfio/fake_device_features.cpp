// SPDX-License-Identifier: LGPL-2.1-or-later
// VFIO_DEVICE_FEATURE (vfio_main.c, pci/vfio_pci_core.c, pci/vfio_pci_dmabuf.c), and a migration that moves no data.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "fake_device.hpp"

namespace abi = vfio::abi;

namespace {

bool carries_data(abi::MigState state) {
    return state == abi::MigState::kStopCopy || state == abi::MigState::kResuming ||
           state == abi::MigState::kPreCopy || state == abi::MigState::kPreCopyP2p;
}

bool in_precopy(abi::MigState state) {
    return state == abi::MigState::kPreCopy || state == abi::MigState::kPreCopyP2p;
}

std::uint64_t inode_of(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 ? status.st_ino : 0;
}

}  // namespace

/// From PRE_COPY to STOP_COPY the data goes on in the same fd (vfio.h).
int FakeDevice::migrate(abi::FeatureMigState& wanted) {
    const auto target = static_cast<abi::MigState>(wanted.device_state);
    if (migration_state == abi::MigState::kError)
        return -EINVAL;
    if (migration_breaks_in == target) {
        migration_state = abi::MigState::kError;
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
    auto info = load<abi::PrecopyInfo>(argument);
    if (info.argsz < sizeof info || !in_precopy(migration_state))
        return -EINVAL;
    if (precopy_v2)
        info.flags = abi::kPrecopyInfoReinit;
    info.initial_bytes = 0x1000;
    info.dirty_bytes = 0x200;
    std::memcpy(argument, &info, sizeof info);
    return 0;
}

int FakeDevice::export_ranges(const std::byte* payload, std::size_t size) {
    const auto fixed = load<abi::FeatureDmaBuf>(payload);
    if (size < sizeof fixed + fixed.nr_ranges * sizeof(abi::DmaBufRange) || fixed.nr_ranges == 0)
        return -EINVAL;
    const auto region = regions.find(fixed.region_index);
    if (region == regions.end() || (region->second.flags & abi::kRegionMmap) == 0)
        return -ENODEV;
    for (std::uint32_t i = 0; i < fixed.nr_ranges; ++i) {
        const auto range = load<abi::DmaBufRange>(payload + sizeof fixed + i * sizeof(abi::DmaBufRange));
        if (((range.offset | range.length) & 4095) != 0 || range.length == 0 ||
            range.offset + range.length > region->second.bytes.size())
            return -EINVAL;
    }
    return ::memfd_create("dma-buf", MFD_CLOEXEC);
}

int FakeDevice::state_feature(std::byte* payload, std::uint32_t direction) {
    auto state = load<abi::FeatureMigState>(payload);
    int answer = 0;
    if (direction == abi::kFeatureGet)
        state.device_state = static_cast<std::uint32_t>(migration_state);
    else
        answer = migrate(state);
    std::memcpy(payload, &state, sizeof state);
    return answer;
}

int FakeDevice::sleep(abi::FeatureId id, const std::byte* payload) {
    if (id == abi::FeatureId::kLowPowerExit) {
        wakeup_eventfd = -1;
        asleep = false;
        return 0;
    }
    if (asleep)
        return -EINVAL;
    asleep = true;
    if (id == abi::FeatureId::kLowPowerEntryWithWakeup)
        wakeup_eventfd = load<abi::FeatureLowPowerWakeup>(payload).wakeup_eventfd;
    return 0;
}

int FakeDevice::start_logging(const abi::FeatureDmaLoggingControl& control) {
    if (control.num_ranges > 4)
        return -E2BIG;
    if (control.page_size < 4096 || (control.page_size & (control.page_size - 1)) != 0)
        return -EINVAL;
    std::vector<abi::DmaLoggingRange> ranges(control.num_ranges);
    std::memcpy(ranges.data(), reinterpret_cast<const void*>(control.ranges),
                ranges.size() * sizeof(abi::DmaLoggingRange));
    std::sort(ranges.begin(), ranges.end(),
              [](const auto& a, const auto& b) { return a.iova < b.iova; });
    for (std::size_t i = 1; i < ranges.size(); ++i)
        if (ranges[i].iova - ranges[i - 1].iova < ranges[i - 1].length)
            return -EINVAL;
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
    switch (id) {
        case abi::FeatureId::kPciVfToken:
            token = load<abi::FeatureVfToken>(payload);
            return 0;
        case abi::FeatureId::kMigration:
            std::memcpy(payload, &migration_flags, sizeof migration_flags);
            return 0;
        case abi::FeatureId::kMigDeviceState:
            return state_feature(payload, direction);
        case abi::FeatureId::kLowPowerEntry:
        case abi::FeatureId::kLowPowerEntryWithWakeup:
        case abi::FeatureId::kLowPowerExit:
            return sleep(id, payload);
        case abi::FeatureId::kDmaLoggingStart:
            return start_logging(load<abi::FeatureDmaLoggingControl>(payload));
        case abi::FeatureId::kDmaLoggingStop:
            return 0;
        case abi::FeatureId::kDmaLoggingReport: {
            const auto report = load<abi::FeatureDmaLoggingReport>(payload);
            std::memset(reinterpret_cast<void*>(static_cast<std::uintptr_t>(report.bitmap)), 0x5a,
                        report.length / report.page_size / 8);
            return 0;
        }
        case abi::FeatureId::kMigDataSize: {
            const abi::FeatureMigDataSize size{.stop_copy_length = 0x5000};
            std::memcpy(payload, &size, sizeof size);
            return 0;
        }
        case abi::FeatureId::kBusMaster:
            bus_master = load<abi::FeatureBusMaster>(payload).op;
            return 0;
        case abi::FeatureId::kDmaBuf:
            return export_ranges(payload, header.argsz - sizeof header);
        case abi::FeatureId::kMigPrecopyInfoV2:
            precopy_v2 = true;
            return 0;
    }
    return -ENOTTY;
}
