// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace vfio::abi {

inline constexpr std::uint32_t kSpaprInfoDdw = 1U << 0;
struct SpaprDdwInfo {
    std::uint64_t pgsizes;  ///< page sizes dynamic windows can have, one bit each
    std::uint32_t max_dynamic_windows_supported;
    std::uint32_t levels;
};
struct SpaprInfo {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t dma32_window_start;
    std::uint32_t dma32_window_size;
    SpaprDdwInfo ddw;
};
/// The structure before dynamic windows (Linux < 4.2).
inline constexpr std::uint32_t kSpaprInfoOldSize = offsetof(SpaprInfo, ddw);

/// For REGISTER and UNREGISTER alike.
struct SpaprMemory {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint64_t vaddr;
    std::uint64_t size;
};
struct SpaprTceCreate {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t page_shift;
    std::uint32_t reserved1;
    std::uint64_t window_size;
    std::uint32_t levels;
    std::uint32_t reserved2;
    std::uint64_t start_addr;  ///< out: where the platform put the window
};
struct SpaprTceRemove {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint64_t start_addr;
};

/// VFIO_EEH_PE_OP's operations and the states of GET_STATE.
enum class EehOp : std::uint32_t {
    kDisable = 0,
    kEnable = 1,
    kUnfreezeIo = 2,
    kUnfreezeDma = 3,
    kGetState = 4,
    kResetDeactivate = 5,
    kResetHot = 6,
    kResetFundamental = 7,
    kConfigure = 8,
    kInjectErr = 9,
};
enum class EehState : std::uint32_t {
    kNormal = 0,
    kReset = 1,
    kStopped = 2,
    kStoppedDma = 4,
    kUnavailable = 5,
};
struct EehPeErr {
    std::uint32_t type;
    std::uint32_t func;
    std::uint64_t addr;
    std::uint64_t mask;
};
struct EehPeOp {
    std::uint32_t argsz;
    std::uint32_t flags;
    EehOp op;
    EehPeErr err;
};
/// All that an operation without an error description needs.
inline constexpr std::uint32_t kEehPeOpSmallSize = offsetof(EehPeOp, op) + sizeof(EehOp);

static_assert(sizeof(SpaprDdwInfo) == 16 && sizeof(SpaprInfo) == 32 && kSpaprInfoOldSize == 16);
static_assert(sizeof(SpaprMemory) == 24 && offsetof(SpaprMemory, vaddr) == 8);
static_assert(sizeof(SpaprTceCreate) == 40 && offsetof(SpaprTceCreate, window_size) == 16 &&
              offsetof(SpaprTceCreate, start_addr) == 32);
static_assert(sizeof(SpaprTceRemove) == 16 && offsetof(SpaprTceRemove, start_addr) == 8);
static_assert(sizeof(EehPeErr) == 24 && sizeof(EehPeOp) == 40 && offsetof(EehPeOp, err) == 16);

}  // namespace vfio::abi
