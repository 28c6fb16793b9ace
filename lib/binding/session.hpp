// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <set>
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
/// history.
class Session {
  public:
    [[nodiscard]] static sysfs::Result<Session> open(sysfs::Kernel& kernel, const StateDir& state,
                                                     const ApplyOptions& options);

    /// Undoes every transaction in flight.
    [[nodiscard]] sysfs::Result<Recovery> recover();
    /// Carries out the plan's transactions of verdict `change`.
    void carry_out(policy::Plan& plan);
    /// Writes the history, and the journal anew when it has grown.
    void close();

  private:
    /// What the parent knows of a job while its worker is at it.
    struct Watched {
        std::string doing;                ///< what the worker said last
        std::vector<sysfs::Device> seen;  ///< its devices, as they were before it wrote to them
        std::size_t index = 0;            ///< of the plan's transaction
        std::string death;                ///< of the worker that had it first, and
        std::vector<policy::Step> steps;  ///< how far that one came
        std::string error;                ///< of an undo that is still owed
    };
    using Ended = std::function<std::vector<Job>(const Job&, End, const std::string&)>;

    Session(sysfs::Kernel& kernel, const StateDir& state, const ApplyOptions& options, Lock lock,
            Journal journal, Ledger ledger)
        : kernel_(kernel), state_(state), options_(options), lock_(std::move(lock)),
          journal_(std::move(journal)), ledger_(std::move(ledger)) {}

    void run(const policy::Plan& plan, std::vector<Job> jobs, const Ended& ended);
    std::vector<Job> ended(policy::Plan& plan, const Job& job, End how, const std::string& line);
    void said(const std::string& txn, const std::string& line);
    void finish(policy::Transaction& transaction, const std::string& txn, Outcome outcome);
    void remember(const policy::Transaction& transaction, const std::string& txn);
    [[nodiscard]] std::string stuck_text(const std::string& txn);
    [[nodiscard]] std::string in_the_way(const policy::Transaction& transaction) const;
    [[nodiscard]] std::string watched_error(const std::string& txn) const;
    [[nodiscard]] Outcome unanswered(const std::string& txn, End how, const std::string& line);
    [[nodiscard]] static Outcome after_death(Watched watched, Outcome undone);
    void recovered(const InFlight& flight, End how, const std::string& line, Recovery& recovery);
    void warn(const std::string& text) const;
    void progress(const std::string& doing) const;

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
};

/// The steps of a transaction whose worker did not come back to tell of them, from its intents in the
/// journal: done, `unfinished` for the one that did not return, skipped.
[[nodiscard]] std::vector<policy::Step> recorded_steps(std::vector<policy::Step> planned,
                                                       const InFlight* flight,
                                                       policy::StepResult unfinished);

}  // namespace binding
