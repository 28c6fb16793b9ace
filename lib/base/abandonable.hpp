// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace base {

/// Forks a process for what may hang in the kernel, where no signal ends it. `body` runs there,
/// then the process ends. It dies with its parent, leaves a terminal's signals to it, and keeps
/// only descriptors that are O_CLOEXEC: whoever reads from a pipe of the caller's
/// (`vfioctl list | cat`) waits for the last writer.
[[nodiscard]] Result<pid_t> fork_abandonable(const std::function<void()>& body);

/// Kills such a process and does not wait for it: it ends when the kernel releases it.
void abandon(pid_t process);

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
