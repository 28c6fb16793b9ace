// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/execute_transaction.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/try.hpp"
#include "binding/transaction/device_change.hpp"
#include "binding/transaction/undo.hpp"
#include "binding/transaction/usage_check.hpp"
#include "policy/model/device_attributes.hpp"

namespace binding {
namespace {

using base::Result;
using policy::Change;
using policy::StepResult;
using policy::Transaction;

/// Steps count from here; those of an undo continue, so that no two steps of a transaction share a
/// number.
constexpr unsigned kFirstStep = 1;

BindingSnapshot to_binding_snapshot(sysfs::Kernel& kernel, const Preflight& preflight,
                                    ApplyScope scope) {
    const auto power_control = preflight.now.driver
                                   ? kernel.attribute({preflight.now.id, preflight.now.identity()},
                                                      std::string(policy::kPowerControl))
                                   : std::nullopt;
    BindingSnapshot snapshot{
        .device = preflight.now.id,
        .identity = preflight.now.identity(),
        .before = {preflight.now.driver, preflight.now.driver_override, power_control},
        .origin = std::nullopt,
        .rule = preflight.change->rule,
        .where = preflight.change->where,
        .taken_along = preflight.change->taken_along,
        .early = scope == ApplyScope::kBootOverrides,
        .netdevs = preflight.now.netdevs};
    if (preflight.managed != nullptr) {
        snapshot.origin =
            PreviousBinding{preflight.managed->before_driver, preflight.managed->before_override,
                            preflight.managed->before_power_control};
        snapshot.early = preflight.managed->early;
        snapshot.netdevs = preflight.managed->netdevs;
    } else if (preflight.override_by_udev_rule) {
        // The override is not foreign: a release clears it, and the native driver may bind the
        // device. Nor is the driver that it led to foreign, even if its module was loaded for
        // another device.
        const bool brought = preflight.now.driver == preflight.now.driver_override;
        snapshot.origin = PreviousBinding{brought ? std::nullopt : preflight.now.driver,
                                          std::nullopt, brought ? std::nullopt : power_control};
        snapshot.early = !snapshot.origin->driver;
    }
    return snapshot;
}

/// Ends the transaction in the journal. A device of ours that stays with the host is ours no more.
Result<void> close_undone(Journal& journal, const std::string& txn,
                          const std::vector<std::string>& notes, const UndoResult& undone) {
    TRY(journal.append(RolledBackRecord{txn, notes}, Sync::kNow));
    for (const auto& [device, why] : undone.left_to_host)
        TRY(journal.append(ReleasedRecord{device, why}, Sync::kNow));
    return {};
}

/// One transaction while it is executed.
class TransactionExecution {
  public:
    TransactionExecution(TransactionContext& context, const Transaction& transaction,
                         std::string txn)
        : context_(context),
          transaction_(transaction),
          txn_(std::move(txn)),
          journaled_(context, txn_, kFirstStep, transaction.steps),
          usage_recheck_(context) {
        journaled_.check_losses_with(
            [this](const sysfs::DeviceId& device, const std::vector<sysfs::DeviceId>& lost) {
                return usage_recheck_.check_loss(change_of(device), lost);
            });
    }

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
            Preflight preflight = TRY(revalidate(context_, change));
            if (!preflight.gone)
                context_.on_device(preflight.now);
            else
                outcome_.notes.push_back(preflight.now.id.display() +
                                         " is gone or another device now: forgotten");
            changes_.emplace_back(context_, journaled_, std::move(preflight), loaded_);
        }
        return {};
    }

    /// Every device is as wanted already, and not through our udev rules: nothing is written, and
    /// nothing becomes ours.
    [[nodiscard]] bool nothing_to_do() const {
        for (const DeviceChange& each : changes_) {
            const Preflight& preflight = each.preflight();
            const Change& change = *preflight.change;
            if (!preflight.on_target || preflight.override_by_udev_rule ||
                lacks_override(preflight) || change.set_vfs || !change.attrs.empty() ||
                !change.mdevs.empty() || !change.mdevs_to_stop.empty() ||
                preflight.access != sysfs::NodeAccess{} || change.check != policy::Check::kNone)
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
        for (const DeviceChange& change : changes_)
            if (!change.preflight().gone)
                record.devices.push_back(to_binding_snapshot(context_.kernel, change.preflight(),
                                                             context_.options.scope));
        TRY(context_.journal.append(record, Sync::kNow));
        // The same for all devices of a transaction.
        const std::string& undone = transaction_.changes.front().rollback;
        return undone.empty() ? Result<void>()
                              : context_.journal.append(RollbackRecord{txn_, undone}, Sync::kNow);
    }

    static std::vector<PhaseMethod> phases(ApplyScope scope) {
        switch (scope) {
            case ApplyScope::kBootOverrides:
                return {&DeviceChange::set_boot_override};
            case ApplyScope::kFull:
                break;
        }
        return {&DeviceChange::set_override,   &DeviceChange::unbind,
                &DeviceChange::set_attributes, &DeviceChange::bind,
                &DeviceChange::configure,      &DeviceChange::check_open};
    }

    Result<void> apply_changes() {
        commit_.txn = txn_;
        for (const PhaseMethod phase : phases(context_.options.scope)) {
            if (phase == &DeviceChange::unbind)
                TRY(usage_recheck_.check_all(changes_));
            for (DeviceChange& change : changes_)
                TRY((change.*phase)());
        }
        for (const DeviceChange& change : changes_)
            if (change.released())
                commit_.released.push_back(change.preflight().now.id);
            else if (change.rolled_back() || is_ours(change))
                commit_.bound.push_back({change.preflight().now.id, change.driver()});
        return {};
    }

    /// Ours is what we changed. A device that was as wanted stays recorded as before, or
    /// unrecorded.
    [[nodiscard]] static bool is_ours(const DeviceChange& change) {
        const Preflight& preflight = change.preflight();
        return !change.driver().empty() || preflight.change->set_vfs ||
               !preflight.change->attrs.empty() || preflight.access != sysfs::NodeAccess{} ||
               !preflight.change->mdevs.empty() || !preflight.change->mdevs_to_stop.empty();
    }

    /// Of a device that the plan does not name, nothing is accepted.
    [[nodiscard]] const Change& change_of(const sysfs::DeviceId& device) const {
        static const Change kNone;
        const auto at =
            std::find_if(transaction_.changes.begin(), transaction_.changes.end(),
                         [&](const Change& change) { return change.target.id == device; });
        return at == transaction_.changes.end() ? kNone : *at;
    }

    TransactionOutcome roll_back(const base::Error& why) {
        const auto journal_state = read_journal(context_.state);
        const InFlightTransaction* flight =
            journal_state ? journal_state->find_in_flight(txn_) : nullptr;
        // The commit record is in the file although it could not be synced: it counts.
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
            (void)close_undone(context_.journal, txn_, undone.notes, undone);
            journaled_.steps().roll_back();
            set_error(why);
            return finish(StepResult::kRolledBack);
        }
        if (!undone.pending)
            (void)close_undone(context_.journal, txn_, undone.errors, undone);
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
        outcome_.steps = std::move(journaled_.steps()).finish();
        return std::move(outcome_);
    }

    TransactionContext& context_;
    const Transaction& transaction_;
    std::string txn_;
    JournaledKernel journaled_;
    UsageRecheck usage_recheck_;
    std::set<std::string> loaded_;  ///< modules, by this transaction
    std::vector<DeviceChange> changes_;
    CommitRecord commit_;
    TransactionOutcome outcome_;
};

}  // namespace

TransactionOutcome execute_transaction(TransactionContext& context, const Transaction& transaction,
                                       const std::string& txn) {
    return TransactionExecution(context, transaction, txn).run();
}

TransactionOutcome undo_transaction(TransactionContext& context, const std::string& txn) {
    TransactionOutcome outcome;
    const auto journal_state = read_journal(context.state);
    const InFlightTransaction* flight =
        journal_state ? journal_state->find_in_flight(txn) : nullptr;
    if (flight == nullptr) {
        // It has committed, or never began.
        const bool done = journal_state && journal_state->committed.contains(txn);
        outcome.result = done ? StepResult::kDone : StepResult::kFailed;
        outcome.error = journal_state ? std::string() : journal_state.error().text();
        return outcome;
    }
    unsigned next = kFirstStep;
    for (const IntentRecord& intent : flight->intents)
        next = std::max(next, intent.step + 1);
    JournaledKernel journaled(context, txn, next, {});
    const UndoResult undone = undo(journaled, *flight);
    outcome.notes = undone.notes;
    if (undone.pending) {
        for (const std::string& error : undone.errors)
            outcome.error += (outcome.error.empty() ? "" : "; ") + error;
        return outcome;
    }
    outcome.notes.insert(outcome.notes.end(), undone.errors.begin(), undone.errors.end());
    const auto closed = close_undone(context.journal, txn, outcome.notes, undone);
    if (!closed) {
        outcome.error = closed.error().text();
        return outcome;
    }
    outcome.result = StepResult::kRolledBack;
    return outcome;
}

}  // namespace binding
