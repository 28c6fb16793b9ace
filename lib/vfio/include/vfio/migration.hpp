// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vfio/abi/migration.hpp"
#include "vfio/calls.hpp"
#include "vfio/export.hpp"

namespace vfio {

/// What is left to copy while the device still runs.
struct Precopy {
    std::uint64_t initial_bytes = 0;
    std::uint64_t dirty_bytes = 0;
    bool reinitialised = false;  ///< initial_bytes is a new value: see report_reinitialisation()
};

/// Migration v2 of one device: a state machine that the kernel drives and the driver implements.
///
///                     +--------- PRE_COPY_P2P
///                     |               |
///      PRE_COPY --- RUNNING --- RUNNING_P2P --- STOP --- STOP_COPY
///                                                 |
///                                              RESUMING             ERROR: only a reset leaves it
///
/// The kernel takes several arcs in one call where the path is unambiguous; set_state() refuses
/// beforehand what no kernel could do (a state that the device's flags rule out, ERROR as a
/// target). Borrows calls and fd.
class VFIO_EXPORT Migration {
  public:
    /// kUnsupported for a device that cannot migrate.
    [[nodiscard]] static Result<Migration> open(Calls& calls, const DeviceFd& fd,
                                                const std::string& device);

    [[nodiscard]] bool has_p2p() const { return (flags_ & abi::kMigrationP2p) != 0; }
    [[nodiscard]] bool has_precopy() const { return (flags_ & abi::kMigrationPreCopy) != 0; }
    [[nodiscard]] std::uint64_t flags() const { return flags_; }

    [[nodiscard]] Result<abi::MigState> state() const;
    /// Goes to `target`; the data fd that STOP_COPY, PRE_COPY and RESUMING bring, if this way
    /// brings one. On failure the device may be in any state on the way, ERROR included: the error
    /// says which.
    [[nodiscard]] Result<std::optional<MigrationFd>> set_state(abi::MigState target) const;
    /// Can this device be in `state` at all?
    [[nodiscard]] bool supports(abi::MigState state) const;

    /// Bytes that STOP_COPY would have to transfer now.
    [[nodiscard]] Result<std::uint64_t> data_size() const;
    /// Has precopy_info() say when initial_bytes is a new value; until then the kernel does not, as
    /// older callers would not look. kUnsupported on kernels that have it not (7.2 does).
    [[nodiscard]] Result<void> report_reinitialisation() const;
    /// Only in PRE_COPY and PRE_COPY_P2P.
    [[nodiscard]] Result<Precopy> precopy_info(const MigrationFd& data) const;

  private:
    Migration(Calls& calls, const DeviceFd& fd, std::string device, std::uint64_t flags)
        : calls_(&calls), fd_(&fd), device_(std::move(device)), flags_(flags) {}

    Calls* calls_;
    const DeviceFd* fd_;
    std::string device_;
    std::uint64_t flags_;
};

/// "RUNNING", "PRE_COPY_P2P", ...
[[nodiscard]] VFIO_EXPORT std::string mig_state_name(abi::MigState state);

}  // namespace vfio
