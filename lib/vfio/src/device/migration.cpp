// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/migration.hpp"

#include <span>

#include "base/name_table.hpp"
#include "base/try.hpp"
#include "vfio/feature.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {
namespace {

template <typename T>
Result<int> exchange(Calls& calls, const DeviceFd& fd, abi::FeatureId id, std::uint32_t direction,
                     T& value, const std::string& device) {
    return feature_call(calls, fd, id, direction, std::as_writable_bytes(std::span(&value, 1)),
                        device);
}

constexpr base::NameTable<abi::MigState::kPreCopyP2p> kMigStateNames{
    "ERROR", "STOP", "RUNNING", "STOP_COPY", "RESUMING", "RUNNING_P2P", "PRE_COPY", "PRE_COPY_P2P"};

}  // namespace

std::string mig_state_name(abi::MigState state) {
    const std::string known = kMigStateNames[state];
    return !known.empty() ? known : "state " + std::to_string(static_cast<std::uint32_t>(state));
}

Result<Migration> Migration::open(Calls& calls, const DeviceFd& fd, const std::string& device) {
    abi::FeatureMigration support{};
    TRY(exchange(calls, fd, abi::FeatureId::kMigration, abi::kFeatureGet, support, device));
    return Migration(calls, fd, device, support.flags);
}

bool Migration::supports(abi::MigState state) const {
    switch (state) {
        case abi::MigState::kError:
        case abi::MigState::kStop:
        case abi::MigState::kRunning:
            return true;
        case abi::MigState::kStopCopy:
        case abi::MigState::kResuming:
            return (flags_ & abi::kMigrationStopCopy) != 0;
        case abi::MigState::kRunningP2p:
            return has_p2p();
        case abi::MigState::kPreCopy:
            return has_precopy();
        case abi::MigState::kPreCopyP2p:
            return has_p2p() && has_precopy();
    }
    return false;
}

Result<abi::MigState> Migration::state() const {
    abi::FeatureMigState state{};
    TRY(exchange(*calls_, *fd_, abi::FeatureId::kMigDeviceState, abi::kFeatureGet, state, device_));
    return static_cast<abi::MigState>(state.device_state);
}

Result<std::optional<MigrationFd>> Migration::set_state(abi::MigState target) const {
    const std::string operation = "migration state " + mig_state_name(target);
    if (target == abi::MigState::kError)
        return base::fail(Code::kInvalid, operation, device_, "nobody can ask for ERROR");
    if (!supports(target))
        return base::fail(Code::kUnsupported, operation, device_,
                          "the device does not have this state");
    abi::FeatureMigState wanted{.device_state = static_cast<std::uint32_t>(target), .data_fd = -1};
    const auto answer =
        exchange(*calls_, *fd_, abi::FeatureId::kMigDeviceState, abi::kFeatureSet, wanted, device_);
    if (answer) {
        if (wanted.data_fd < 0)
            return std::nullopt;
        return MigrationFd(UniqueFd(wanted.data_fd));
    }
    Error error = answer.error();
    error.operation = operation;
    // The kernel stops at the arc that failed; the state that it reports now is the hint.
    if (const auto now = state(); now)
        error.hint = *now == abi::MigState::kError
                         ? "the device is in ERROR now; only a reset leaves it"
                         : "the device is in " + mig_state_name(*now) + " now";
    return tl::unexpected<Error>(std::move(error));
}

Result<std::uint64_t> Migration::data_size() const {
    abi::FeatureMigDataSize size{};
    TRY(exchange(*calls_, *fd_, abi::FeatureId::kMigDataSize, abi::kFeatureGet, size, device_));
    return size.stop_copy_length;
}

Result<void> Migration::report_reinitialisation() const {
    TRY(feature_call(*calls_, *fd_, abi::FeatureId::kMigPrecopyInfoV2, abi::kFeatureSet, {},
                     device_));
    return {};
}

Result<Precopy> Migration::precopy_info(const MigrationFd& data) const {
    abi::PrecopyInfo info{};
    info.argsz = sizeof info;
    const int answer = retry(*calls_, [&] {
        return calls_->migration(data, abi::MigrationCall::kGetPrecopyInfo, &info);
    });
    if (answer < 0)
        return fail_call(-answer, "precopy info", device_,
                         "only a device in PRE_COPY or PRE_COPY_P2P has any");
    return Precopy{.initial_bytes = info.initial_bytes,
                   .dirty_bytes = info.dirty_bytes,
                   .reinitialised = (info.flags & abi::kPrecopyInfoReinit) != 0};
}

}  // namespace vfio
