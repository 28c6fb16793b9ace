// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace vfio::abi {

inline constexpr std::uint32_t kFeatureMask = 0xffff;
inline constexpr std::uint32_t kFeatureGet = 1U << 16;
inline constexpr std::uint32_t kFeatureSet = 1U << 17;
inline constexpr std::uint32_t kFeatureProbe = 1U << 18;
/// Followed by the feature's own structure.
struct Feature {
    std::uint32_t argsz;
    std::uint32_t flags;
};

/// VFIO_DEVICE_FEATURE's index.
enum class FeatureId : std::uint32_t {
    kPciVfToken = 0,
    kMigration = 1,
    kMigDeviceState = 2,
    kLowPowerEntry = 3,
    kLowPowerEntryWithWakeup = 4,
    kLowPowerExit = 5,
    kDmaLoggingStart = 6,
    kDmaLoggingStop = 7,
    kDmaLoggingReport = 8,
    kMigDataSize = 9,
    kBusMaster = 10,
    kDmaBuf = 11,
    kMigPrecopyInfoV2 = 12,
};
inline constexpr std::uint32_t kFeatureCount = 13;

struct FeatureVfToken {
    std::uint8_t uuid[16];
};
struct FeatureLowPowerWakeup {
    std::int32_t wakeup_eventfd;
    std::uint32_t reserved;
};
struct FeatureDmaLoggingControl {
    std::uint64_t page_size;
    std::uint32_t num_ranges;
    std::uint32_t reserved;
    std::uint64_t ranges;  ///< address of num_ranges DmaLoggingRange
};
struct DmaLoggingRange {
    std::uint64_t iova;
    std::uint64_t length;
};
struct FeatureDmaLoggingReport {
    std::uint64_t iova;
    std::uint64_t length;
    std::uint64_t page_size;
    std::uint64_t bitmap;  ///< address
};
struct FeatureBusMaster {
    std::uint32_t op;  ///< 0 clears, 1 sets
};
struct DmaBufRange {
    std::uint64_t offset;  ///< within the region, page-aligned
    std::uint64_t length;
};
/// Followed by nr_ranges DmaBufRange. The call's positive answer is the dma-buf's fd.
struct FeatureDmaBuf {
    std::uint32_t region_index;
    std::uint32_t open_flags;
    std::uint32_t flags;
    std::uint32_t nr_ranges;
};

static_assert(sizeof(Feature) == 8 && sizeof(FeatureVfToken) == 16);
static_assert(sizeof(FeatureLowPowerWakeup) == 8 && sizeof(FeatureBusMaster) == 4);
static_assert(sizeof(FeatureDmaLoggingControl) == 24 &&
              offsetof(FeatureDmaLoggingControl, ranges) == 16);
static_assert(sizeof(DmaLoggingRange) == 16 && sizeof(FeatureDmaLoggingReport) == 32);
static_assert(sizeof(FeatureDmaBuf) == 16 && sizeof(DmaBufRange) == 16);

}  // namespace vfio::abi
