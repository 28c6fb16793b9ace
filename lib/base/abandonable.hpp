// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace base {

/// What one call returns: texts in an order of the caller's.
using CallResult = std::vector<std::string>;

struct CallLimits {
    /// Without a return for so long the calls that follow go on in another process. Halved with
    /// each call that does not return.
    std::chrono::milliseconds stall;
    /// How long a call may take at most.
    std::chrono::milliseconds deadline;
};

/// Calls `one` with each of 0 .. count-1 in a process that can be abandoned, and in another one
/// beyond a call that does not return. The result has nothing for such a call. Where no process can
/// be started, the calls are made here.
[[nodiscard]] std::vector<std::optional<CallResult>> call_abandonably(
    std::size_t count, const std::function<CallResult(std::size_t)>& one, CallLimits limits);

}  // namespace base
