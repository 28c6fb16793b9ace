// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "bindd/controller/host_controller.hpp"

/// After a look: everything is decided and planned anew, each group judged by itself, and those
/// that are not as wanted carried out, unless something says to leave them.
namespace bindd {

using base::Result;
using policy::Change;
using policy::Transaction;
using policy::Verdict;
using sysfs::DeviceId;

namespace {

bool restores(const View& view, const DeviceId& device) {
    const policy::Decision* decision = view.decision(device);
    return decision != nullptr && decision->rule != nullptr &&
           decision->rule->drift == policy::Drift::kRestore;
}

void log_drift(const Log& log, const DeviceId& device, const std::string& what, bool restored) {
    log.write(Level::kWarning, LogEvent::kDrift,
              device.display() + " " + what + (restored ? ": restored" : ": left as it is"),
              {{"BINDD_DEVICE", device.display()}});
}

void log_refusal(const Log& log, GroupStatus& status, const Transaction& transaction) {
    std::string text = transaction.key() + ": " + policy::verdict_name(transaction.verdict);
    for (const policy::Reason& reason : transaction.reasons)
        text += std::string("; ") + reason.device.display() + ": " +
                policy::reason_name(reason.code) + ": " + reason.text;
    if (status.logged_refusal == text)
        return;
    status.logged_refusal = text;
    log.write(Level::kNotice, LogEvent::kRefused, text);
}

}  // namespace

/// Decides, finds out who uses what would be taken, plans, settles. One at a time: what comes
/// meanwhile is another round.
void HostController::assess() {
    // A device that recovery has just freed may be read before the first whole look has come:
    // without the rest of the host, and its drivers, there is nothing to decide.
    if (!scanned_)
        return;
    if (usage_query_pending_) {
        assess_again_ = true;
        return;
    }
    view_.decide();
    DeviceIds unknown = view_.devices_losing_driver();
    quarantine_.remove_from(unknown);
    std::erase_if(unknown, [&](const DeviceId& id) {
        return scanner_.has_usage(id) || groups_[view_.group_key(id)].is_working();
    });
    usage_query_pending_ = true;
    scanner_.query_usage(std::move(unknown), [this](const Result<void>& asked) {
        usage_query_pending_ = false;
        if (!asked)
            deps_.log.write(Level::kWarning, LogEvent::kWarning, asked.error().text());
        if (std::exchange(assess_again_, false))
            return assess();
        view_.decide();
        view_.make_plan();
        evaluate_groups();
    });
}

void HostController::evaluate_groups() {
    std::map<std::string, std::vector<std::size_t>> by_key;
    for (const auto& [key, status] : groups_)
        by_key[key];
    for (std::size_t at = 0; at < view_.plan.transactions.size(); ++at)
        by_key[view_.group_key(view_.plan.transactions[at])].push_back(at);
    std::vector<std::size_t> chosen;
    for (const auto& [key, transactions] : by_key)
        evaluate_group(key, transactions, chosen);
    std::vector<Transaction> to_execute = restore_lost_overrides();
    for (const std::size_t at : chosen)
        to_execute.push_back(view_.plan.transactions[at]);
    notify_changes();
    publish_managed_overrides();
    finish_jobs();
    if (!to_execute.empty())
        reconcile(std::move(to_execute));
    else
        become_ready_if_idle();
    save_manual_state();
}

void HostController::save_manual_state() {
    if (auto saved = manual_state_.save(); !saved)
        deps_.log.write(Level::kWarning, LogEvent::kWarning, saved.error().text());
}

void HostController::reconcile(std::vector<Transaction> transactions) {
    JobRequest request;
    request.kind = JobKind::kReconcile;
    request.timeout = deps_.timeout;
    request.requester = {.uid = std::nullopt, .description = is_ready() ? "event" : "start"};
    QueuedJob& queued = jobs_.add(std::move(request), {}, std::chrono::steady_clock::now());
    queued.job.plan.transactions = std::move(transactions);
    execute_plan(queued);
}

void HostController::evaluate_group(const std::string& key,
                                    const std::vector<std::size_t>& transactions,
                                    std::vector<std::size_t>& to_execute) {
    GroupStatus& status = groups_[key];
    if (status.is_working() || status.state == GroupState::kStuck || !status.is_up_to_date() ||
        jobs_.is_reserved(key))
        return;
    if (transactions.empty())
        return advance(key,
                       view_.members(key).empty() ? GroupEvent::kVanished : GroupEvent::kInSync);
    status.blocked_reason.clear();
    bool waits = false;
    const std::size_t before = to_execute.size();
    for (const std::size_t at : transactions) {
        const Transaction& transaction = view_.plan.transactions[at];
        switch (transaction.verdict) {
            case Verdict::kOk:
                break;
            case Verdict::kRefused:
            case Verdict::kConflict:
                log_refusal(deps_.log, status, transaction);
                waits = true;
                break;
            case Verdict::kChange:
                if (const std::string why = skip_reason(status, transaction); !why.empty()) {
                    status.blocked_reason = why;
                    waits = true;
                } else {
                    to_execute.push_back(at);
                }
                break;
        }
    }
    if (to_execute.size() != before)
        return;
    if (!waits) {
        status.reset_history();
        status.was_in_sync = true;
        status.logged_refusal.clear();
    }
    advance(key, waits ? GroupEvent::kBlocked : GroupEvent::kInSync);
}

/// Why a change is not carried out now; empty: it is.
std::string HostController::skip_reason(GroupStatus& status, const Transaction& transaction) {
    for (const Change& change : transaction.changes) {
        if (change.from_driver && !scanner_.has_usage(change.target.id))
            return "who uses it could not be found out";
        if (const auto mark = manual_state_.find(change.target.id))
            return *mark == ManualState::ManualAction::kReleased
                       ? "released by hand; `vfioctl apply` takes it again"
                       : "bound by hand; `vfioctl apply` goes by the policies again";
    }
    const Change& first = transaction.changes.front();
    const std::string now =
        "is on " + first.from_driver.value_or("no driver") + " by someone's hand";
    if (!status.drifted && is_drift(status, transaction)) {
        const bool restored =
            std::all_of(transaction.changes.begin(), transaction.changes.end(),
                        [this](const Change& change) { return restores(view_, change.target.id); });
        log_drift(deps_.log, first.target.id, now, restored);
        status.reset_history();
        status.drifted = !restored;
    }
    if (status.drifted)
        return "drift: it " + now + "; `vfioctl apply` takes it again";
    if (!status.should_retry(transaction))
        return "the last try failed; `vfioctl apply` tries again";
    return {};
}

/// It stood as wanted and was not plugged since; or, before our first look, the journal says that
/// it was ours and on another driver. Ours from early in the boot may well have none yet.
bool HostController::is_drift(const GroupStatus& status, const Transaction& transaction) const {
    if (status.was_in_sync || is_ready())
        return status.was_in_sync;
    return std::any_of(
        transaction.changes.begin(), transaction.changes.end(), [this](const Change& change) {
            const binding::ManagedDevice* bound =
                view_.journal_state.find_managed(change.target.id, change.target.identity);
            return bound != nullptr && !bound->early && !bound->driver.empty() &&
                   !bound->where.empty() && change.from_driver != bound->driver;
        });
}

/// Devices of ours that are where they should be, but whose override someone has taken away: the
/// next driver that is offered them might take them.
std::vector<Transaction> HostController::restore_lost_overrides() {
    std::vector<Transaction> repairs;
    for (const auto& [id, bound] : view_.journal_state.bound) {
        const sysfs::Device* device = view_.inventory.find(id);
        if (device == nullptr || bound.driver.empty() || !device->has_override ||
            device->driver != bound.driver || device->driver_override == bound.driver)
            continue;
        GroupStatus& status = groups_[view_.group_key(id)];
        if (status.is_working() || status.state == GroupState::kStuck || !status.is_up_to_date() ||
            status.drifted || status.has_failed() || jobs_.is_reserved(view_.group_key(id)))
            continue;
        const bool restored = restores(view_, id);
        log_drift(deps_.log, id, "has lost its driver_override", restored);
        status.drifted = !restored;
        if (!restored)
            continue;
        Transaction transaction{.group = device->iommu_group,
                                .verdict = Verdict::kChange,
                                .devices = {id},
                                .changes = {},
                                .steps = {},
                                .reasons = {},
                                .result = {},
                                .error = {}};
        Change change;
        change.target = {id, device->identity()};
        change.from_driver = device->driver;
        change.from_override = device->driver_override;
        change.candidates = {{.driver = bound.driver,
                              .module = {},
                              .origin = policy::CandidateOrigin::kRule,
                              .from = "drift",
                              .status = policy::CandidateStatus::kUse,
                              .why = {}}};
        change.rule = bound.rule;
        change.where = bound.where;
        transaction.changes.push_back(std::move(change));
        transaction.steps.push_back({.op = policy::Op::kSetOverride,
                                     .device = id,
                                     .value = bound.driver,
                                     .module = {},
                                     .result = {},
                                     .error = {}});
        repairs.push_back(std::move(transaction));
    }
    return repairs;
}

/// The first reconcile is through when nothing is under way any more, recoveries included, and
/// nothing is left to be looked at. What is stuck is not waited for, and an undo not for long.
void HostController::become_ready_if_idle() {
    const bool settled = std::none_of(groups_.begin(), groups_.end(), [this](const auto& entry) {
        const GroupStatus& status = entry.second;
        const bool only_undone = status.is_working() && status.in_flight == 0;
        return (status.is_working() && !(only_undone && !readiness_.waits_for_undo())) ||
               !status.is_up_to_date();
    });
    if (settled)
        readiness_.become_ready();
}

}  // namespace bindd
