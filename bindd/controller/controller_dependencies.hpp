// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <string>
#include <vector>

#include "bindd/controller/host_event.hpp"
#include "bindd/executor/executor_client.hpp"
#include "bindd/loop/journal_log.hpp"
#include "binding/journal/journal_reader.hpp"

namespace bindd {

/// What the controller works with.
struct ControllerDependencies {
    sd_event* event = nullptr;
    ExecutorClient& executor;
    EventSource& events;
    const Log& log;
    binding::StateDir state;
    std::vector<std::string> policy_paths;
    std::chrono::milliseconds timeout{60'000};  ///< of the daemon's own transactions, per write
};

}  // namespace bindd
