// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <string>
#include <vector>

#include "bindd/executor_link.hpp"
#include "bindd/host_event.hpp"
#include "bindd/log.hpp"
#include "binding/journal_reader.hpp"

namespace bindd {

/// What the keeper works with.
struct KeeperParts {
    sd_event* event = nullptr;
    ExecutorLink& executor;
    EventSource& events;
    const Log& log;
    binding::StateDir state;
    std::vector<std::string> policy_paths;
    std::chrono::milliseconds timeout{60'000};  ///< of the daemon's own transactions, per write
};

}  // namespace bindd
