// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/startup.hpp"

#include <algorithm>

#include "bindd/controller/events.hpp"
#include "bindd/controller/policy_reload.hpp"
#include "bindd/controller/scans.hpp"

namespace bindd {

namespace {

/// A rollback that takes longer waits for a holder of the device: it counts as stuck.
constexpr std::chrono::seconds kUndoTimeout{2};
/// Units that wait for the daemon at boot wait no longer than this, whatever hangs.
constexpr std::chrono::seconds kReadyTimeout{10};

}  // namespace

/// The interrupted transactions are those that the executor reports, one message for the end of
/// each. Reading the journal here could race with the previous executor: we would wait forever for
/// an undo that has already finished. Events and scans wait for the report as well: devices of
/// interrupted transactions must not be read.
void on_started(StepContext& step, Started input) {
    ControllerState& state = step.state;
    apply_first_policies(step, std::move(input.policies), std::move(input.last_valid));
    // After the policies, which clear it: manual changes survive a restart.
    state.manual = ManualState::parse(input.manual_state);
    state.view.latest = std::move(input.latest);
    step.emit(ArmTimer{TimerId::kStartup, step.now + kUndoTimeout});
    apply_journal(step, std::move(input.journal), JournalChange::kOwn);
    step.emit(SendRequest{kRecoveryRequest, binding::RecoverInterrupted{}});
}

void on_in_use_found(StepContext& step, binding::InUseFound found) {
    ControllerState& state = step.state;
    state.in_use_error = std::move(found.error);
    if (state.in_use_error.empty()) {
        state.in_use = std::move(found.devices);
        return;
    }
    state.in_use.reset();
    step.log(Level::kError, LogEvent::kWarning, state.in_use_error);
}

void on_recovery_started(StepContext& step, const base::Result<void>& result) {
    if (!result)
        step.log(Level::kError, LogEvent::kWarning, result.error().text());
    step.emit(StartEvents{});
    scan_all(step);
}

void on_startup_timeout(StepContext& step) {
    ControllerState& state = step.state;
    if (state.startup != StartupPhase::kWaiting)
        return become_ready(step);
    state.startup = StartupPhase::kUndoLate;
    step.emit(ArmTimer{TimerId::kStartup, step.now + (kReadyTimeout - kUndoTimeout)});
    if (state.scanned && !state.usage_query_pending)
        become_ready_if_idle(step);
}

void become_ready_if_idle(StepContext& step) {
    const bool wait_for_rollbacks = step.state.startup == StartupPhase::kWaiting;
    const bool idle =
        std::all_of(step.state.groups.begin(), step.state.groups.end(), [&](const auto& entry) {
            const GroupStatus& status = entry.second;
            const bool only_rollback = status.is_working() && status.in_flight == 0;
            return (!status.is_working() || (only_rollback && !wait_for_rollbacks)) &&
                   status.is_up_to_date();
        });
    if (idle)
        become_ready(step);
}

void become_ready(StepContext& step) {
    if (step.state.is_ready())
        return;
    step.state.startup = StartupPhase::kReady;
    step.emit(DisarmTimer{TimerId::kStartup});
    step.emit(NotifyReady{});
}

}  // namespace bindd
