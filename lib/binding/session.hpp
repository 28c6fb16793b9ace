// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "binding/apply.hpp"
#include "binding/history.hpp"
#include "binding/journal.hpp"
#include "binding/ledger.hpp"
#include "binding/lock.hpp"
#include "binding/pool.hpp"
#include "binding/transact.hpp"

namespace binding {

/// One run under the lock: recovers what was left, carries transactions out in workers, keeps the
/// history. To the end in one go (`recover`, `carry_out`), or transaction by transaction from an event loop that
/// drives the pool (`begin_recovery`, `begin`). Workers refer to it: not to be moved once one of these was called.
class Session {
  public:
    using Ended = std::function<void(const std::string& txn, const policy::Transaction&)>;
    using Recovered = std::function<void(const Recovery&)>;

    /// `options`: of recovery, and of transactions that bring none of their own; must outlive the session.
    [[nodiscard]] static sysfs::Result<Session> open(sysfs::Kernel& kernel, const StateDir& state,
                                                     const ApplyOptions& options);

    /// Undoes every transaction in flight. What is carried out after it was planned before it, and is refused where
    /// that no longer holds; who drives the pool plans anew when it is told.
    [[nodiscard]] sysfs::Result<Recovery> recover();
    /// Carries out the plan's transactions of verdict `change`.
    void carry_out(policy::Plan& plan);

    /// The journal anew: what is ours and in flight now.
    [[nodiscard]] sysfs::Result<void> refresh();
    [[nodiscard]] const Ledger& ledger() const { return ledger_; }
    void begin(policy::Transaction transaction, const ApplyOptions& options, Ended ended);
    void begin_recovery(const InFlight& flight, Recovered recovered);
    /// These devices went away, or are other devices now: no longer ours.
    [[nodiscard]] sysfs::Result<void> forget(const std::vector<sysfs::DeviceId>& devices,
                                             const std::string& why);
    [[nodiscard]] Pool& pool();

    /// Writes the history, and the journal anew when it has grown.
    void close();

  private:
    /// What the parent knows of a job while its worker is at it.
    struct Watched {
        policy::Transaction transaction;  ///< as planned; with results at the end
        ApplyOptions options;
        Ended ended;
        std::optional<InFlight> flight;   ///< to be undone by recovery
        Recovered recovered;
        std::string doing;                ///< what the worker said last
        std::vector<std::string> seen;    ///< its devices' lines, as they were before it wrote to them
        std::string death;                ///< of the worker that had it first, and
        std::vector<policy::Step> steps;  ///< how far that one came
        std::string error;                ///< of an undo that is still owed
    };

    Session(sysfs::Kernel& kernel, const StateDir& state, const ApplyOptions& options, Lock lock,
            Journal journal, Ledger ledger)
        : kernel_(kernel), state_(state), options_(options), lock_(std::move(lock)),
          journal_(std::move(journal)), ledger_(std::move(ledger)) {}

    std::string work(const std::string& text, const std::function<void(const std::string&)>& say);
    std::vector<Job> ended(const Job& job, End how, const std::string& line);
    std::vector<Job> ended_recovery(const std::string& txn, End how, const std::string& line);
    void said(const std::string& txn, const std::string& line);
    void finish(const std::string& txn, Outcome outcome);
    void remember(const Watched& watched, const std::string& txn);
    [[nodiscard]] std::string stuck_text(const std::string& txn, std::chrono::milliseconds timeout);
    [[nodiscard]] std::string in_the_way(const policy::Transaction& transaction) const;
    [[nodiscard]] std::string watched_error(const std::string& txn) const;
    [[nodiscard]] Outcome unanswered(const std::string& txn, End how, const std::string& line);
    [[nodiscard]] static Outcome after_death(Watched& watched, Outcome undone);
    [[nodiscard]] Recovery recovered(const InFlight& flight, End how, const std::string& line);
    void warn(const std::string& text) const;
    void progress(const Watched& watched, const std::string& doing) const;

    sysfs::Kernel& kernel_;
    const StateDir& state_;
    const ApplyOptions& options_;
    Lock lock_;
    Journal journal_;
    Ledger ledger_;
    std::vector<Held> undone_;                ///< by recovery, after the plan was made
    std::map<std::string, Watched> watched_;  ///< by transaction
    std::vector<HistoryEntry> history_;
    std::size_t done_ = 0;
    std::size_t total_ = 0;
    std::unique_ptr<Pool> pool_;  ///< last: its workers refer to the rest
};

/// The steps of a transaction whose worker did not come back to tell of them, from its intents in the
/// journal: done, `unfinished` for the one that did not return, skipped.
[[nodiscard]] std::vector<policy::Step> recorded_steps(std::vector<policy::Step> planned,
                                                       const InFlight* flight,
                                                       policy::StepResult unfinished);

}  // namespace binding
