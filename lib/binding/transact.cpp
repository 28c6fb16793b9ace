// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transact.hpp"

#include <algorithm>
#include <chrono>

#include "binding/change_run.hpp"
#include "binding/undo.hpp"

namespace binding {
namespace {

using policy::Change;
using policy::StepResult;
using policy::Transaction;
using sysfs::Result;

/// Before the first write of a transaction there may have been writes of its undo's predecessors: steps
/// of one run count on from here, so that no two steps of a transaction share a number.
constexpr unsigned kFirstStep = 1;

std::int64_t now_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

Held held_of(const Staged& staged, Extent extent) {
    Held held{.device = staged.now.id,
              .identity = staged.now.identity(),
              .before = {staged.now.driver, staged.now.driver_override},
              .origin = std::nullopt,
              .rule = staged.change->rule,
              .where = staged.change->where,
              .taken_along = staged.change->taken_along,
              .early = extent == Extent::kOverrides};
    if (staged.ours != nullptr) {
        held.origin = Held::Origin{staged.ours->before_driver, staged.ours->before_override};
        held.early = staged.ours->early;
    } else if (staged.armed_by_rule) {
        // The override is no foreign one: a release takes it away, and the native driver may have the device. Nor is
        // the driver that it brought there, be it that somebody loaded that driver's module for another device.
        const bool brought = staged.now.driver == staged.now.driver_override;
        held.origin = Held::Origin{brought ? std::nullopt : staged.now.driver, std::nullopt};
        held.early = !held.origin->driver;
    }
    return held;
}

/// One transaction on its way.
class Run {
  public:
    Run(Scene& scene, const Transaction& transaction, std::string txn, const Notes& notes)
        : scene_(scene), transaction_(transaction), txn_(std::move(txn)), notes_(notes),
          steps_(transaction.steps),
          writer_(scene.kernel, scene.journal, notes, steps_, txn_, kFirstStep,
                  scene.options.timeout) {}

    Outcome run() {
        if (auto staged = stage_all(); !staged)
            return failed(staged.error().text());
        if (nothing_to_do())
            return ended(StepResult::kDone);
        if (auto begun = begin(); !begun)
            return failed(begun.error().text());
        Result<void> done = carry_changes();
        if (done)
            done = scene_.journal.append(commit_, Sync::kNow);
        return done ? ended(StepResult::kDone) : back(done.error().text());
    }

  private:
    using Phase = Result<void> (ChangeRun::*)();

    Result<void> stage_all() {
        for (const Change& change : transaction_.changes) {
            auto staged = stage(scene_, change);
            if (!staged)
                return sysfs::propagate(staged);
            if (!staged->gone)
                notes_.seen(staged->now);
            else
                outcome_.notes.push_back(staged->now.id.display() +
                                         " is gone or another device now: forgotten");
            staged_.push_back(*std::move(staged));
        }
        return {};
    }

    /// Everything found as wanted, by whatever hand but our rules' for udev: nothing is written, and nothing becomes ours.
    [[nodiscard]] bool nothing_to_do() const {
        for (const Staged& staged : staged_) {
            const Change& change = *staged.change;
            if (!staged.already || staged.armed_by_rule || lacks_override(staged) || change.set_vfs || !change.mdevs.empty() ||
                !change.mdevs_to_stop.empty() || staged.access != sysfs::NodeAccess{} ||
                change.check != policy::Check::kNone)
                return false;
        }
        return true;
    }

    Result<void> begin() {
        BeginRecord record{.txn = txn_,
                           .time_us = now_us(),
                           .actor = scene_.options.actor,
                           .action = scene_.options.action,
                           .group = transaction_.group,
                           .devices = {}};
        for (const Staged& staged : staged_)
            if (!staged.gone)
                record.devices.push_back(held_of(staged, scene_.options.extent));
        return scene_.journal.append(record, Sync::kNow);
    }

    static std::vector<Phase> phases(Extent extent) {
        switch (extent) {
            case Extent::kOverrides:
                return {&ChangeRun::arm};
            case Extent::kWhole:
                break;
        }
        return {&ChangeRun::prepare, &ChangeRun::leave, &ChangeRun::arrive, &ChangeRun::dress,
                &ChangeRun::check};
    }

    Result<void> carry_changes() {
        commit_.txn = txn_;
        std::set<std::string> loaded;
        std::vector<ChangeRun> runs;
        for (Staged& staged : staged_)
            runs.emplace_back(scene_, writer_, staged, loaded);
        for (const Phase phase : phases(scene_.options.extent))
            for (ChangeRun& run : runs)
                if (auto done = (run.*phase)(); !done)
                    return done;
        for (std::size_t at = 0; at < runs.size(); ++at)
            if (runs[at].released())
                commit_.released.push_back(staged_[at].now.id);
            else if (is_ours(staged_[at], runs[at]))
                commit_.bound.push_back({staged_[at].now.id, runs[at].driver()});
        return {};
    }

    /// Ours is what we changed. What was found in place stays as it was recorded, or unrecorded.
    [[nodiscard]] static bool is_ours(const Staged& staged, const ChangeRun& run) {
        return !run.driver().empty() || staged.change->set_vfs ||
               staged.access != sysfs::NodeAccess{} || !staged.change->mdevs.empty() ||
               !staged.change->mdevs_to_stop.empty();
    }

    Outcome back(const std::string& why) {
        const auto ledger = read_ledger(scene_.state);
        const InFlight* flight = ledger ? ledger->find_in_flight(txn_) : nullptr;
        // The record of the end is in the file even though it could not be synced: what it says holds.
        if (ledger && flight == nullptr) {
            outcome_.notes.push_back(why);
            return ended(StepResult::kDone);
        }
        if (flight == nullptr)
            return failed(why + "; and what to undo could not be read: " + ledger.error().text());
        const Undone undone = undo(writer_, *flight);
        outcome_.notes.insert(outcome_.notes.end(), undone.notes.begin(), undone.notes.end());
        if (undone.errors.empty()) {
            (void)scene_.journal.append(RolledBackRecord{txn_, undone.notes}, Sync::kNow);
            steps_.roll_back();
            outcome_.error = why;
            return ended(StepResult::kRolledBack);
        }
        if (!undone.owed)
            (void)scene_.journal.append(RolledBackRecord{txn_, undone.errors}, Sync::kNow);
        std::string error = why;
        for (const std::string& one : undone.errors)
            error += "; could not be put back: " + one;
        return failed(error);
    }

    Outcome failed(const std::string& why) {
        outcome_.error = why;
        return ended(StepResult::kFailed);
    }

    Outcome ended(StepResult result) {
        outcome_.result = result;
        outcome_.steps = std::move(steps_).finish();
        return std::move(outcome_);
    }

    Scene& scene_;
    const Transaction& transaction_;
    std::string txn_;
    const Notes& notes_;
    StepLog steps_;
    Writer writer_;
    std::vector<Staged> staged_;
    CommitRecord commit_;
    Outcome outcome_;
};

}  // namespace

Outcome carry_out(Scene& scene, const Transaction& transaction, const std::string& txn,
                  const Notes& notes) {
    return Run(scene, transaction, txn, notes).run();
}

Outcome undo_recorded(Scene& scene, const std::string& txn, const Notes& notes) {
    Outcome outcome;
    const auto ledger = read_ledger(scene.state);
    const InFlight* flight = ledger ? ledger->find_in_flight(txn) : nullptr;
    if (flight == nullptr) {
        // It committed, or it never began.
        const bool done = ledger && ledger->committed.contains(txn);
        outcome.result = done ? StepResult::kDone : StepResult::kFailed;
        outcome.error = ledger ? std::string() : ledger.error().text();
        return outcome;
    }
    unsigned next = kFirstStep;
    for (const IntentRecord& intent : flight->intents)
        next = std::max(next, intent.step + 1);
    StepLog steps({});
    Writer writer(scene.kernel, scene.journal, notes, steps, txn, next, scene.options.timeout);
    const Undone undone = undo(writer, *flight);
    outcome.notes = undone.notes;
    if (undone.owed) {
        for (const std::string& error : undone.errors)
            outcome.error += (outcome.error.empty() ? "" : "; ") + error;
        return outcome;
    }
    outcome.notes.insert(outcome.notes.end(), undone.errors.begin(), undone.errors.end());
    const auto closed = scene.journal.append(RolledBackRecord{txn, outcome.notes}, Sync::kNow);
    if (!closed) {
        outcome.error = closed.error().text();
        return outcome;
    }
    outcome.result = StepResult::kRolledBack;
    return outcome;
}

}  // namespace binding
