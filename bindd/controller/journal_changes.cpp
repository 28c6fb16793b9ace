// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/journal_changes.hpp"

#include <utility>

namespace bindd {

using sysfs::DeviceId;

void apply_journal(StepContext& step, JournalReading journal, JournalChange change) {
    ControllerState& state = step.state;
    if (!journal)
        return step.log(Level::kWarning, LogEvent::kWarning, journal.error().text());
    // That these disappear from the journal soon is our own doing, not a manual release.
    for (const DeviceId& id : state.pending_forgets)
        journal->bound.erase(id);
    const binding::JournalState before =
        std::exchange(state.view.journal_state, *std::move(journal));
    if (change == JournalChange::kOwn || !state.is_ready())
        return;
    const auto& now = state.view.journal_state.bound;
    for (const auto& [id, bound] : before.bound)
        if (const sysfs::Device* device = state.view.inventory.find(id);
            device != nullptr && !now.contains(id))
            state.manual.set(*device, ManualState::ManualAction::kReleased);
    for (const auto& [id, bound] : now)
        if (const sysfs::Device* device = state.view.inventory.find(id);
            device != nullptr && bound.where.empty() && !before.bound.contains(id))
            state.manual.set(*device, ManualState::ManualAction::kBound);
}

void on_forget_finished(StepContext& step, ForgetFinished input) {
    if (const auto forgetting = step.take_pending<Forgetting>(input.request)) {
        step.state.pending_forgets.erase(forgetting->device);
        apply_journal(step, std::move(input.journal), JournalChange::kOwn);
    }
}

}  // namespace bindd
