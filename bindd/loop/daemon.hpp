// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bindd/controller/host_event.hpp"
#include "bindd/executor/executor.hpp"
#include "bindd/loop/controller_runner.hpp"

namespace bindd {

struct DaemonOptions {
    std::vector<std::string> policies;
    std::chrono::milliseconds timeout{60'000};  ///< per kernel write of the daemon's own
    ApplyMode apply_mode = ApplyMode::kAutomatic;
    std::string
        executor{};  ///< the socket of the executor's service; empty: a child of the daemon's
};

/// Replaced by tests.
struct DaemonHooks {
    ExecutorDependencies executor;
    std::function<base::Result<std::unique_ptr<EventSource>>(sd_event*)> events;
    /// Attaches the bus to the loop, for the life of the daemon. It calls `owned` once the bus name
    /// is owned; the daemon is not ready before.
    std::function<base::Result<std::shared_ptr<void>>(sd_event*, ControllerRunner&,
                                                      std::function<void()> owned)>
        attach;
};

/// The daemon reads them from its loop. Called first in the process: until then SIGHUP ends it.
void block_signals();

/// Connects to the executor, runs the daemon and returns its exit status.
[[nodiscard]] int run_daemon(const DaemonOptions& options, const DaemonHooks& hooks);

}  // namespace bindd
