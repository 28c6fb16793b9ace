// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "bindd/job.hpp"
#include "sysfs/result.hpp"

namespace bindd {

/// The errors that the daemon answers with; there are no others.
enum class FaultKind {
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
struct Fault {
    FaultKind kind = FaultKind::kFailed;
    std::string text;
};

template <typename T>
using Answer = tl::expected<T, Fault>;
/// Where an answer goes that may come later.
template <typename T>
using Answered = std::function<void(Answer<T>)>;

/// "org.bindd1.Error.Busy".
[[nodiscard]] const char* fault_name(FaultKind kind);
[[nodiscard]] tl::unexpected<Fault> fault(FaultKind kind, std::string text);
[[nodiscard]] Fault fault_of(const sysfs::Error& error);
/// Why a job that has ended did not do what was asked; for one whose ending is not kDone.
[[nodiscard]] Fault fault_of(const Job& job);

}  // namespace bindd
