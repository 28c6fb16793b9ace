// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <utility>

#include "bindd/controller/effect.hpp"
#include "bindd/controller/state.hpp"

namespace bindd {

/// One call of step(): the state it changes, the time of its input, and its effects so far.
struct StepContext {
    ControllerState& state;
    Time now;
    Effects effects{};

    void emit(Effect effect) { effects.push_back(std::move(effect)); }
    void log(Level level, LogEvent event, std::string text, LogEntry::JournalFields fields = {}) {
        emit(LogEntry{level, event, std::move(text), std::move(fields)});
    }
    /// Sends a request to the executor whose end continues with `continuation`.
    void send(binding::Message message, Continuation continuation) {
        state.pending.emplace(++state.last_request, PendingRequest{std::move(continuation)});
        emit(SendRequest{state.last_request, std::move(message)});
    }
};

}  // namespace bindd
