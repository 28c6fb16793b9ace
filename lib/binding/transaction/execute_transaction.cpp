// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/execute_transaction.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "binding/transaction/device_change.hpp"
#include "binding/transaction/undo.hpp"

namespace binding {
namespace {

using base::Result;
using policy::Change;
using policy::StepResult;
using policy::Transaction;

/// Before the first write of a transaction there may have been writes of its undo's predecessors:
/// steps of one run count on from here, so that no two steps of a transaction share a number.
constexpr unsigned kFirstStep = 1;

BindingSnapshot to_binding_snapshot(const Preflight& preflight, ApplyScope scope) {
    BindingSnapshot snapshot{.device = preflight.now.id,
                             .identity = preflight.now.identity(),
                             .before = {preflight.now.driver, preflight.now.driver_override},
                             .origin = std::nullopt,
                             .rule = preflight.change->rule,
                             .where = preflight.change->where,
                             .taken_along = preflight.change->taken_along,
                             .early = scope == ApplyScope::kBootOverrides};
    if (preflight.managed != nullptr) {
        snapshot.origin = BindingSnapshot::PreviousBinding{preflight.managed->before_driver,
                                                           preflight.managed->before_override};
        snapshot.early = preflight.managed->early;
    } else if (preflight.override_by_udev_rule) {
        // The override is no foreign one: a release takes it away, and the native driver may have
        // the device. Nor is the driver that it brought there, be it that somebody loaded that
        // driver's module for another device.
        const bool brought = preflight.now.driver == preflight.now.driver_override;
        snapshot.origin = BindingSnapshot::PreviousBinding{
            brought ? std::nullopt : preflight.now.driver, std::nullopt};
        snapshot.early = !snapshot.origin->driver;
    }
    return snapshot;
}

/// One transaction on its way.
class TransactionExecution {
  public:
    TransactionExecution(TransactionContext& context, const Transaction& transaction,
                         std::string txn, const ProgressSink& progress)
        : context_(context),
          transaction_(transaction),
          txn_(std::move(txn)),
          progress_(progress),
          steps_(transaction.steps),
          journaled_(context.kernel, context.journal, progress, steps_, txn_, kFirstStep,
                     context.options.timeout) {}

    TransactionOutcome run() {
        if (auto preflight = revalidate_all(); !preflight)
            return fail(preflight.error());
        if (nothing_to_do())
            return finish(StepResult::kDone);
        if (auto begun = begin(); !begun)
            return fail(begun.error());
        Result<void> done = apply_changes();
        if (done)
            done = context_.journal.append(commit_, Sync::kNow);
        return done ? finish(StepResult::kDone) : roll_back(done.error());
    }

  private:
    using PhaseMethod = Result<void> (DeviceChange::*)();

    Result<void> revalidate_all() {
        for (const Change& change : transaction_.changes) {
            auto preflight = revalidate(context_, change);
            if (!preflight)
                return base::propagate(preflight);
            if (!preflight->gone)
                progress_.on_device(preflight->now);
            else
                outcome_.notes.push_back(preflight->now.id.display() +
                                         " is gone or another device now: forgotten");
            preflight_.push_back(*std::move(preflight));
        }
        return {};
    }

    /// Everything found as wanted, by whatever hand but our rules' for udev: nothing is written,
    /// and nothing becomes ours.
    [[nodiscard]] bool nothing_to_do() const {
        for (const Preflight& preflight : preflight_) {
            const Change& change = *preflight.change;
            if (!preflight.on_target || preflight.override_by_udev_rule ||
                lacks_override(preflight) || change.set_vfs || !change.mdevs.empty() ||
                !change.mdevs_to_stop.empty() || preflight.access != sysfs::NodeAccess{} ||
                change.check != policy::Check::kNone)
                return false;
        }
        return true;
    }

    Result<void> begin() {
        BeginRecord record{.txn = txn_,
                           .time_us = base::unix_time_us(),
                           .actor = context_.options.actor,
                           .action = context_.options.action,
                           .group = transaction_.group,
                           .devices = {}};
        for (const Preflight& preflight : preflight_)
            if (!preflight.gone)
                record.devices.push_back(to_binding_snapshot(preflight, context_.options.scope));
        return context_.journal.append(record, Sync::kNow);
    }

    static std::vector<PhaseMethod> phases(ApplyScope scope) {
        switch (scope) {
            case ApplyScope::kBootOverrides:
                return {&DeviceChange::set_boot_override};
            case ApplyScope::kFull:
                break;
        }
        return {&DeviceChange::set_override, &DeviceChange::unbind, &DeviceChange::bind,
                &DeviceChange::configure, &DeviceChange::check_open};
    }

    Result<void> apply_changes() {
        commit_.txn = txn_;
        std::set<std::string> loaded;
        std::vector<DeviceChange> device_changes;
        for (Preflight& preflight : preflight_)
            device_changes.emplace_back(context_, journaled_, preflight, loaded);
        for (const PhaseMethod phase : phases(context_.options.scope))
            for (DeviceChange& change : device_changes)
                if (auto done = (change.*phase)(); !done)
                    return done;
        for (std::size_t at = 0; at < device_changes.size(); ++at)
            if (device_changes[at].released())
                commit_.released.push_back(preflight_[at].now.id);
            else if (is_ours(preflight_[at], device_changes[at]))
                commit_.bound.push_back({preflight_[at].now.id, device_changes[at].driver()});
        return {};
    }

    /// Ours is what we changed. What was found in place stays as it was recorded, or unrecorded.
    [[nodiscard]] static bool is_ours(const Preflight& preflight, const DeviceChange& change) {
        return !change.driver().empty() || preflight.change->set_vfs ||
               preflight.access != sysfs::NodeAccess{} || !preflight.change->mdevs.empty() ||
               !preflight.change->mdevs_to_stop.empty();
    }

    TransactionOutcome roll_back(const base::Error& why) {
        const auto journal_state = read_journal(context_.state);
        const InFlightTransaction* flight =
            journal_state ? journal_state->find_in_flight(txn_) : nullptr;
        // The record of the end is in the file even though it could not be synced: what it says
        // holds.
        if (journal_state && flight == nullptr) {
            outcome_.notes.push_back(why.text());
            return finish(StepResult::kDone);
        }
        if (flight == nullptr)
            return fail(why,
                        "; and what to undo could not be read: " + journal_state.error().text());
        const UndoResult undone = undo(journaled_, *flight);
        outcome_.notes.insert(outcome_.notes.end(), undone.notes.begin(), undone.notes.end());
        if (undone.errors.empty()) {
            (void)context_.journal.append(RolledBackRecord{txn_, undone.notes}, Sync::kNow);
            steps_.roll_back();
            set_error(why);
            return finish(StepResult::kRolledBack);
        }
        if (!undone.pending)
            (void)context_.journal.append(RolledBackRecord{txn_, undone.errors}, Sync::kNow);
        std::string left;
        for (const std::string& one : undone.errors)
            left += "; could not be put back: " + one;
        return fail(why, left);
    }

    void set_error(const base::Error& why, const std::string& consequence = {}) {
        outcome_.error = why.text() + consequence;
        outcome_.error_code = why.code;
    }

    TransactionOutcome fail(const base::Error& why, const std::string& consequence = {}) {
        set_error(why, consequence);
        return finish(StepResult::kFailed);
    }

    TransactionOutcome finish(StepResult result) {
        outcome_.result = result;
        outcome_.steps = std::move(steps_).finish();
        return std::move(outcome_);
    }

    TransactionContext& context_;
    const Transaction& transaction_;
    std::string txn_;
    const ProgressSink& progress_;
    StepLog steps_;
    JournaledKernel journaled_;
    std::vector<Preflight> preflight_;
    CommitRecord commit_;
    TransactionOutcome outcome_;
};

}  // namespace

TransactionOutcome execute_transaction(TransactionContext& context, const Transaction& transaction,
                                       const std::string& txn, const ProgressSink& progress) {
    return TransactionExecution(context, transaction, txn, progress).run();
}

TransactionOutcome undo_transaction(TransactionContext& context, const std::string& txn,
                                    const ProgressSink& progress) {
    TransactionOutcome outcome;
    const auto journal_state = read_journal(context.state);
    const InFlightTransaction* flight =
        journal_state ? journal_state->find_in_flight(txn) : nullptr;
    if (flight == nullptr) {
        // It committed, or it never began.
        const bool done = journal_state && journal_state->committed.contains(txn);
        outcome.result = done ? StepResult::kDone : StepResult::kFailed;
        outcome.error = journal_state ? std::string() : journal_state.error().text();
        return outcome;
    }
    unsigned next = kFirstStep;
    for (const IntentRecord& intent : flight->intents)
        next = std::max(next, intent.step + 1);
    StepLog steps({});
    JournaledKernel journaled(context.kernel, context.journal, progress, steps, txn, next,
                              context.options.timeout);
    const UndoResult undone = undo(journaled, *flight);
    outcome.notes = undone.notes;
    if (undone.pending) {
        for (const std::string& error : undone.errors)
            outcome.error += (outcome.error.empty() ? "" : "; ") + error;
        return outcome;
    }
    outcome.notes.insert(outcome.notes.end(), undone.errors.begin(), undone.errors.end());
    const auto closed = context.journal.append(RolledBackRecord{txn, outcome.notes}, Sync::kNow);
    if (!closed) {
        outcome.error = closed.error().text();
        return outcome;
    }
    outcome.result = StepResult::kRolledBack;
    return outcome;
}

}  // namespace binding
