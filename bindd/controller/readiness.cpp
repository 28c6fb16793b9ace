// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/readiness.hpp"

#include <chrono>
#include <utility>

namespace bindd {

namespace {

/// What takes longer to undo than this is a device that someone holds: it is as good as stuck.
constexpr std::chrono::seconds kUndoTimeout{2};
/// Those who wait for us at boot wait no longer, whatever hangs.
constexpr std::chrono::seconds kReadyTimeout{10};

}  // namespace

Readiness::Readiness(sd_event* event, std::function<void()> on_undo_timeout,
                     std::function<void()> ready)
    : on_undo_timeout_(std::move(on_undo_timeout)),
      on_ready_(std::move(ready)),
      timer_(event, [this] { on_timeout(); }) {}

void Readiness::start_waiting() {
    timer_.arm(kUndoTimeout);
}

void Readiness::on_timeout() {
    if (undo_timed_out_)
        return become_ready();
    undo_timed_out_ = true;
    timer_.arm(kReadyTimeout - kUndoTimeout);
    on_undo_timeout_();
}

void Readiness::become_ready() {
    if (ready_)
        return;
    ready_ = true;
    timer_.disarm();
    on_ready_();
}

}  // namespace bindd
