// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <functional>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace base {

/// Forks a process for what may hang in the kernel, where no signal ends it. `body` runs there,
/// then the process ends. It dies with its parent, leaves a terminal's signals to it, and keeps
/// only descriptors that are O_CLOEXEC: whoever reads from a pipe of the caller's
/// (`vfioctl list | cat`) waits for the last writer.
[[nodiscard]] Result<pid_t> fork_abandonable(const std::function<void()>& body);

/// Kills such a process and does not wait for it: it ends when the kernel releases it, and is
/// reaped by the next call of this or of fork_abandonable() after that.
void abandon(pid_t process);
/// Reaps a child, named by a pidfd, if it has ended. True as well once that has been done.
[[nodiscard]] bool has_ended(const UniqueFd& process);

}  // namespace base
