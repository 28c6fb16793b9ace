// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "base/result.hpp"
#include "bindd/controller/job.hpp"

namespace bindd {

/// The errors that the daemon answers with; there are no others.
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

/// One of them, and the sentence that goes with it.
struct BusError {
    BusErrorKind kind = BusErrorKind::kFailed;
    std::string text;
};

template <typename T>
using BusResult = tl::expected<T, BusError>;
/// Where an answer goes that may come later.
template <typename T>
using BusCallback = std::function<void(BusResult<T>)>;

/// "org.bindd1.Error.Busy".
[[nodiscard]] const char* bus_error_name(BusErrorKind kind);
[[nodiscard]] tl::unexpected<BusError> bus_error(BusErrorKind kind, std::string text);
[[nodiscard]] BusError to_bus_error(const base::Error& error);
/// Why a job that has ended did not do what was asked; for one whose ending is not kDone.
[[nodiscard]] BusError to_bus_error(const Job& job);

}  // namespace bindd
