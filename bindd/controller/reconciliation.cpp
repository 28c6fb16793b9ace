// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/reconciliation.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "bindd/controller/claims.hpp"
#include "bindd/controller/drift.hpp"
#include "bindd/controller/events.hpp"
#include "bindd/controller/job_execution.hpp"
#include "bindd/controller/publication.hpp"
#include "bindd/controller/scans.hpp"
#include "bindd/controller/startup.hpp"
#include "bindd/controller/usage_queries.hpp"
#include "sysfs/device/sriov.hpp"

namespace bindd {

using policy::Transaction;
using policy::Verdict;
using sysfs::DeviceId;

namespace {

/// Once for as long as nothing else happens to the group.
void log_unchanged(StepContext& step, GroupStatus& status, LogEvent event, std::string text) {
    if (status.logged_unchanged == text)
        return;
    status.logged_unchanged = text;
    step.log(Level::kNotice, event, std::move(text));
}

void log_refusal(StepContext& step, GroupStatus& status, const Transaction& transaction) {
    std::string text = transaction.key() + ": " + policy::verdict_name(transaction.verdict);
    for (const policy::Reason& reason : transaction.reasons)
        text += std::string("; ") + reason.device.display() + ": " +
                policy::reason_name(reason.code) + ": " + reason.text;
    log_unchanged(step, status, LogEvent::kRefused, std::move(text));
}

void log_pending(StepContext& step, GroupStatus& status, const Transaction& transaction) {
    std::string text = transaction.key() + ": pending until `vfioctl apply`";
    for (const policy::Change& change : transaction.changes)
        text += "; " + change.target.id.display() + ": rule " + change.rule +
                (change.target_name() ? ": " + *change.target_name() : "");
    log_unchanged(step, status, LogEvent::kPending, std::move(text));
}

/// The devices that the transaction takes from their users.
std::vector<DeviceId> disturbed_devices(const View& view, const Transaction& transaction) {
    std::vector<DeviceId> disturbed;
    for (const policy::Step& each : transaction.steps) {
        const sysfs::Device* device = view.inventory.find(each.device);
        if (each.op == policy::Op::kUnbind || each.op == policy::Op::kRemoveMdev)
            disturbed.push_back(each.device);
        else if (each.op == policy::Op::kSetVfs && device != nullptr)
            std::ranges::copy(sysfs::vf_ids(*device), std::back_inserter(disturbed));
    }
    return disturbed;
}

/// What the host used before this boot it may use again: the first plan after a boot is made before
/// all disks are mounted and interfaces are up.
std::string kept_reason(const ControllerState& state, const Transaction& transaction) {
    return state.in_use
               ? policy::kept_since_earlier_boot(*state.in_use, state.view.inventory, transaction)
               : state.in_use_error;
}

struct SkipReason {
    std::string text;
    std::string note = {};  ///< as binding::DeviceState has it
};

/// Why a change is not made now; without text: it is made.
SkipReason skip_reason(StepContext& step, GroupStatus& status, const Transaction& transaction) {
    const ControllerState& state = step.state;
    for (const DeviceId& id : disturbed_devices(state.view, transaction))
        if (!state.usage_known.contains(id))
            return {"its users could not be determined"};
    for (const policy::Change& change : transaction.changes)
        if (const auto manual = state.manual.find(change.target.id))
            return *manual == ManualState::ManualAction::kReleased
                       ? SkipReason{binding::kReleasedReason, binding::kNoteReleased}
                       : SkipReason{binding::kManualReason, binding::kNoteManual};
    if (std::string kept = kept_reason(state, transaction); !kept.empty())
        return {std::move(kept), binding::kNoteKept};
    if (const std::string drift = check_drift(step, status, transaction); !drift.empty())
        return {drift, binding::kNoteDrift};
    if (state.apply_mode == ApplyMode::kManual) {
        log_pending(step, status, transaction);
        return {"waits for `vfioctl apply`: the daemon runs with --apply manual"};
    }
    if (status.should_retry(transaction, step.now))
        return {};
    if (!status.retry_at)
        return {"the last attempt failed; `vfioctl apply` tries again"};
    step.state.coalescer.defer(step.state.view.group_key(transaction), *status.retry_at);
    return {"attempt " + std::to_string(status.failed_attempts) +
            " was interrupted; another one follows"};
}

enum class Evaluation { kInSync, kBlocked, kChange };

/// Appends the transactions to execute.
Evaluation evaluate_transactions(StepContext& step, GroupStatus& status,
                                 const std::vector<std::size_t>& transactions,
                                 std::vector<std::size_t>& to_execute) {
    Evaluation result = Evaluation::kInSync;
    const std::size_t before = to_execute.size();
    for (const std::size_t index : transactions) {
        const Transaction& transaction = step.state.view.plan.transactions[index];
        switch (transaction.verdict) {
            case Verdict::kOk:
                break;
            case Verdict::kRefused:
            case Verdict::kConflict:
                log_refusal(step, status, transaction);
                result = Evaluation::kBlocked;
                break;
            case Verdict::kChange:
                if (SkipReason why = skip_reason(step, status, transaction); !why.text.empty()) {
                    status.blocked_reason = std::move(why.text);
                    status.blocked_note = std::move(why.note);
                    result = Evaluation::kBlocked;
                } else {
                    to_execute.push_back(index);
                }
                break;
        }
    }
    return to_execute.size() != before ? Evaluation::kChange : result;
}

void evaluate_group(StepContext& step, const std::string& key,
                    const std::vector<std::size_t>& transactions,
                    std::vector<std::size_t>& to_execute) {
    ControllerState& state = step.state;
    GroupStatus& status = state.groups[key];
    if (!status.can_be_evaluated())
        return;
    if (state.jobs.is_reserved(key)) {
        state.evaluation_skipped = true;
        return;
    }
    if (transactions.empty())
        return advance_group(
            step, key,
            state.view.members(key).empty() ? GroupEvent::kVanished : GroupEvent::kInSync);
    status.blocked_reason.clear();
    status.blocked_note.clear();
    switch (evaluate_transactions(step, status, transactions, to_execute)) {
        case Evaluation::kChange:
            return;
        case Evaluation::kBlocked:
            return advance_group(step, key, GroupEvent::kBlocked);
        case Evaluation::kInSync:
            status.reset_history();
            status.was_in_sync = true;
            status.logged_unchanged.clear();
            return advance_group(step, key, GroupEvent::kInSync);
    }
}

void reconcile(StepContext& step, std::vector<Transaction> transactions) {
    JobRequest request;
    request.kind = JobKind::kReconcile;
    request.timeout = step.state.timeout;
    request.requester = {.uid = std::nullopt,
                         .description = step.state.is_ready() ? "event" : "start"};
    QueuedJob& queued = step.state.jobs.add(std::move(request), {}, step.now);
    queued.job.plan.transactions = std::move(transactions);
    execute_plan(step, queued);
}

void evaluate_groups(StepContext& step) {
    const View& view = step.state.view;
    std::map<std::string, std::vector<std::size_t>> by_key;
    for (const auto& [key, status] : step.state.groups)
        by_key[key];
    for (std::size_t index = 0; index < view.plan.transactions.size(); ++index)
        by_key[view.group_key(view.plan.transactions[index])].push_back(index);
    std::vector<std::size_t> chosen;
    for (const auto& [key, transactions] : by_key)
        evaluate_group(step, key, transactions, chosen);
    std::vector<Transaction> to_execute = restore_lost_overrides(step);
    for (const std::size_t index : chosen)
        to_execute.push_back(view.plan.transactions[index]);
    publish(step);
    watch_managed_overrides(step);
    finish_jobs(step);
    if (!to_execute.empty())
        reconcile(step, std::move(to_execute));
    else
        become_ready_if_idle(step);
    save_manual_state(step);
}

}  // namespace

/// A device that a rollback has just freed may be scanned before the first full scan has ended:
/// without the rest of the host and its drivers there is nothing to decide.
void assess(StepContext& step) {
    ControllerState& state = step.state;
    if (!state.scanned)
        return;
    if (state.usage_query_pending) {
        state.assess_again = true;
        return;
    }
    state.view.decide();
    std::vector<DeviceId> unknown = state.view.devices_changing_driver();
    state.quarantine.remove_from(unknown);
    std::erase_if(unknown, [&](const DeviceId& id) {
        return state.usage_known.contains(id) ||
               state.groups[state.view.group_key(id)].is_working();
    });
    state.usage_query_pending = true;
    query_usage(step, std::move(unknown), AssessmentUsage{});
}

void finish_assessment(StepContext& step, const base::Result<void>& usage_known) {
    ControllerState& state = step.state;
    state.usage_query_pending = false;
    if (!usage_known)
        step.log(Level::kWarning, LogEvent::kWarning, usage_known.error().text());
    if (std::exchange(state.assess_again, false))
        return assess(step);
    state.view.decide();
    state.view.make_plan();
    refuse_claimed(state, state.view.plan);
    // One that cannot be read keeps all devices until an apply replaces it.
    if (usage_known && state.apply_mode == ApplyMode::kAutomatic && state.in_use)
        keep_devices_in_use(step, *state.in_use);
    evaluate_groups(step);
    finish_host_scan(step);
}

void assess_skipped(StepContext& step) {
    if (std::exchange(step.state.evaluation_skipped, false))
        assess(step);
}

void keep_devices_in_use(StepContext& step, const policy::DevicesInUse& before) {
    ControllerState& state = step.state;
    policy::DevicesInUse in_use =
        policy::devices_in_use(state.view.plan, state.view.inventory, before);
    if (state.in_use == in_use && !state.in_use_unsaved)
        return;
    state.in_use = in_use;
    state.in_use_error.clear();
    state.in_use_unsaved = false;
    step.emit(WriteUdevRules{std::move(in_use)});
}

void on_udev_rules_not_written(StepContext& step, const UdevRulesNotWritten& input) {
    step.state.in_use_unsaved = true;
    step.log(Level::kWarning, LogEvent::kWarning, input.error.text());
}

void save_manual_state(StepContext& step) {
    if (auto text = step.state.manual.take_unsaved())
        step.emit(SaveManualState{*std::move(text)});
}

}  // namespace bindd
