// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/step.hpp"

#include "bindd/controller/claims.hpp"
#include "bindd/controller/events.hpp"
#include "bindd/controller/executor_messages.hpp"
#include "bindd/controller/job_planning.hpp"
#include "bindd/controller/policy_reload.hpp"
#include "bindd/controller/reconciliation.hpp"
#include "bindd/controller/scans.hpp"
#include "bindd/controller/startup.hpp"
#include "bindd/controller/usage_queries.hpp"

namespace bindd {
namespace {

void on_timer(StepContext& step, const TimerFired& fired) {
    switch (fired.timer) {
        case TimerId::kScan:
            return scan_due_groups(step);
        case TimerId::kJobs:
            start_due_jobs(step);
            return assess_skipped(step);
        case TimerId::kStartup:
            return on_startup_timeout(step);
        case TimerId::kReload:
            return;  // the caller reads the files
    }
}

void on_manual_state_not_saved(StepContext& step, const ManualStateNotSaved& failed) {
    step.state.manual.mark_unsaved();
    step.log(Level::kWarning, LogEvent::kWarning, failed.error.text());
}

struct Dispatcher {
    StepContext& step;

    void operator()(Started& input) const { on_started(step, std::move(input)); }
    void operator()(HostEvent& input) const { on_host_event(step, input); }
    void operator()(PoliciesRead& input) const { on_policies_read(step, std::move(input)); }
    void operator()(PolicyFilesChanged&) const { on_policy_files_changed(step); }
    void operator()(OverrideWritten& input) const { on_override_written(step, input); }
    void operator()(TimerFired& input) const { on_timer(step, input); }
    void operator()(ManualStateNotSaved& input) const { on_manual_state_not_saved(step, input); }
    void operator()(UdevRulesNotWritten& input) const { on_udev_rules_not_written(step, input); }
    void operator()(ProtocolViolated& input) const { on_protocol_violated(step, input.error); }
    void operator()(ReplyReceived& input) const { on_reply(step, std::move(input)); }
    void operator()(RequestEnded& input) const { on_request_ended(step, std::move(input)); }
    void operator()(NoticeReceived& input) const { on_notice(step, std::move(input)); }
    void operator()(JobSubmitted& input) const { on_job_submitted(step, std::move(input)); }
    void operator()(JobCancelled& input) const { on_job_cancelled(step, input); }
    void operator()(JobEndNotified& input) const { step.state.jobs.retire(input.job, step.now); }
    void operator()(UsageRequested& input) const { on_usage_requested(step, std::move(input)); }
    void operator()(ClaimsChanged& input) const { on_claims_changed(step, std::move(input)); }
};

}  // namespace

Effects step(ControllerState& state, Input input, Time now) {
    StepContext context{state, now};
    std::visit(Dispatcher{context}, input);
    update_scan_timer(context);
    return std::move(context.effects);
}

}  // namespace bindd
