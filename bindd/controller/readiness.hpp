// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>

#include "bindd/loop/event_loop.hpp"

namespace bindd {

/// Whether the start's reconcile is through. Those who wait for it at boot do not wait for ever:
/// not long for what is only being undone, and after a while for nothing more, whatever hangs.
class Readiness {
  public:
    /// `on_undo_timeout`: it is no longer waited for, and perhaps nothing else is left. `ready`:
    /// once.
    Readiness(sd_event* event, std::function<void()> on_undo_timeout, std::function<void()> ready);
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;
    ~Readiness() = default;

    void start_waiting();
    /// The first time that it is called counts.
    void become_ready();
    [[nodiscard]] bool is_ready() const { return ready_; }
    [[nodiscard]] bool waits_for_undo() const { return !undo_timed_out_; }

  private:
    void on_timeout();

    std::function<void()> on_undo_timeout_;
    std::function<void()> on_ready_;
    bool undo_timed_out_ = false;
    bool ready_ = false;
    Timer timer_;
};

}  // namespace bindd
