// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "base/result.hpp"
#include "bindd/controller/job.hpp"
#include "bindd/controller/redaction.hpp"

namespace bindd {

/// The errors that the daemon answers with.
enum class BusErrorKind {
    kNotAuthorized,
    kNoSuchDevice,
    kRefused,
    kConflict,
    kBusy,
    kStuck,
    kFailed,
    kPolicyInvalid,
    kOptionNotPermitted,
};

/// An error reply: its name and its message.
struct BusError {
    BusErrorKind kind = BusErrorKind::kFailed;
    std::string text;
};

template <typename T>
using BusResult = tl::expected<T, BusError>;

/// "org.bindd1.Error.Busy".
[[nodiscard]] const char* bus_error_name(BusErrorKind kind);
[[nodiscard]] tl::unexpected<BusError> bus_error(BusErrorKind kind, std::string text);
/// Nothing is planned by a set that its files no longer are. `errors`: of the files; or empty.
[[nodiscard]] BusResult<void> to_policy_result(const std::string& errors);
[[nodiscard]] BusError to_bus_error(const base::Error& error);
/// Its text may name users, as everything that a plan or the executor says.
[[nodiscard]] BusError redact(BusError error, Disclosure disclosure);
/// Why a job did not do what was requested. It has ended, and not as kDone.
[[nodiscard]] BusError to_bus_error(const Job& job, Disclosure disclosure);

template <typename T>
[[nodiscard]] BusResult<T> to_bus_result(base::Result<T> result) {
    return std::move(result).map_error(
        [](const base::Error& error) { return to_bus_error(error); });
}

}  // namespace bindd
