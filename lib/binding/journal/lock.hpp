// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "binding/journal/state_dir.hpp"

namespace binding {

/// The one writer's lock. A POSIX record lock: it belongs to the process, so a forked worker that
/// is stuck in the kernel does not keep it, the kernel drops it when its holder dies, and F_GETLK
/// names the holder. Taking it changes nothing on disk once the file is there.
class Lock {
  public:
    /// kBusy, naming the holder, when another process keeps it for longer than `timeout`.
    [[nodiscard]] static base::Result<Lock> acquire(const StateDir& state,
                                                    std::chrono::milliseconds timeout = {});

  private:
    explicit Lock(base::UniqueFd fd) : fd_(std::move(fd)) {}
    base::UniqueFd fd_;
};

}  // namespace binding
