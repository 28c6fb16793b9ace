// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
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
    /// The number for a request to the executor whose answer continues with `pending`.
    [[nodiscard]] RequestId add_pending(PendingRequest pending) {
        state.pending.emplace(++state.last_request, std::move(pending));
        return state.last_request;
    }
    /// Nothing for a number that is not pending as a `Pending`.
    template <typename Pending>
    [[nodiscard]] std::optional<Pending> take_pending(RequestId request) {
        const auto found = state.pending.find(request);
        if (found == state.pending.end() || !std::holds_alternative<Pending>(found->second))
            return std::nullopt;
        std::optional<Pending> pending(std::get<Pending>(std::move(found->second)));
        state.pending.erase(found);
        return pending;
    }
};

}  // namespace bindd
