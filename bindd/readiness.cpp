// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/readiness.hpp"

#include <chrono>
#include <utility>

namespace bindd {

namespace {

/// What takes longer to undo than this is a device that someone holds: it is as good as stuck.
constexpr std::chrono::seconds kUndone{2};
/// Those who wait for us at boot wait no longer, whatever hangs.
constexpr std::chrono::seconds kReadyAnyway{10};

}  // namespace

Readiness::Readiness(sd_event* event, std::function<void()> undo_is_late,
                     std::function<void()> ready)
    : on_late_undo_(std::move(undo_is_late)),
      on_ready_(std::move(ready)),
      patience_(event, [this] { lose_patience(); }) {}

void Readiness::begin_waiting() {
    patience_.arm(kUndone);
}

void Readiness::lose_patience() {
    if (undo_is_late_)
        return become_ready();
    undo_is_late_ = true;
    patience_.arm(kReadyAnyway - kUndone);
    on_late_undo_();
}

void Readiness::become_ready() {
    if (ready_)
        return;
    ready_ = true;
    patience_.disarm();
    on_ready_();
}

}  // namespace bindd
