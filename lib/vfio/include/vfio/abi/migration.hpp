// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "vfio/abi/ioctl.hpp"

namespace vfio::abi {

/// What the data fd of a migration understands.
enum class MigrationCall : unsigned long {
    kGetPrecopyInfo = request(121),
};

inline constexpr std::uint64_t kMigrationStopCopy = 1U << 0;
inline constexpr std::uint64_t kMigrationP2p = 1U << 1;
inline constexpr std::uint64_t kMigrationPreCopy = 1U << 2;
struct FeatureMigration {
    std::uint64_t flags;
};

enum class MigState : std::uint32_t {
    kError = 0,
    kStop = 1,
    kRunning = 2,
    kStopCopy = 3,
    kResuming = 4,
    kRunningP2p = 5,
    kPreCopy = 6,
    kPreCopyP2p = 7,
};
struct FeatureMigState {
    std::uint32_t device_state;
    std::int32_t data_fd;  ///< -1 when the arc makes none
};
struct FeatureMigDataSize {
    std::uint64_t stop_copy_length;
};

/// initial_bytes is a new value, not what is left of the last one. Only with kMigPrecopyInfoV2.
inline constexpr std::uint32_t kPrecopyInfoReinit = 1U << 0;
struct PrecopyInfo {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint64_t initial_bytes;
    std::uint64_t dirty_bytes;
};

static_assert(sizeof(FeatureMigration) == 8 && sizeof(FeatureMigState) == 8);
static_assert(sizeof(FeatureMigDataSize) == 8);
static_assert(sizeof(PrecopyInfo) == 24 && offsetof(PrecopyInfo, initial_bytes) == 8);

}  // namespace vfio::abi
