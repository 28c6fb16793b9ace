// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "binding/codec/messages.hpp"
#include "binding/journal/history.hpp"
#include "binding/journal/journal.hpp"
#include "binding/journal/journal_state.hpp"
#include "binding/journal/lock.hpp"
#include "binding/transaction/apply.hpp"
#include "binding/transaction/execute_transaction.hpp"
#include "binding/worker/worker_pool.hpp"

namespace binding {

/// One run under the lock: recovers what was left, carries transactions out in workers, keeps the
/// history. To the end in one go (`recover`, `carry_out`), or transaction by transaction from an
/// event loop that drives the pool (`begin_recovery`, `begin`). Workers refer to it: not to be
/// moved once one of these was called.
class TransactionRunner {
  public:
    using EndedCallback = std::function<void(const std::string& txn, const policy::Transaction&)>;
    using RecoveredCallback = std::function<void(const Recovery&)>;

    /// `options`: of recovery, and of transactions that bring none of their own; must outlive the
    /// session.
    [[nodiscard]] static base::Result<TransactionRunner> open(sysfs::Kernel& kernel,
                                                              const StateDir& state,
                                                              const ApplyOptions& options);

    /// Undoes every transaction in flight. What is carried out after it was planned before it, and
    /// is refused where that no longer holds; who drives the pool plans anew when it is told.
    [[nodiscard]] base::Result<Recovery> recover();
    /// Carries out the plan's transactions of verdict `change`.
    void run(policy::Plan& plan);

    /// The journal anew: what is ours and in flight now.
    [[nodiscard]] base::Result<void> refresh();
    [[nodiscard]] const JournalState& journal_state() const { return journal_state_; }
    void begin(policy::Transaction transaction, const ApplyOptions& options, EndedCallback ended);
    void begin_recovery(const InFlightTransaction& flight, RecoveredCallback recovered);
    /// These devices went away, or are other devices now: no longer ours.
    [[nodiscard]] base::Result<void> forget(const std::vector<sysfs::DeviceId>& devices,
                                            const std::string& why);
    [[nodiscard]] WorkerPool& pool();

    /// Writes the history, and the journal anew when it has grown.
    void close();

  private:
    /// What the parent knows of a job while its worker is at it.
    struct ActiveTransaction {
        policy::Transaction transaction;  ///< as planned; with results at the end
        ApplyOptions options;
        EndedCallback ended;
        std::optional<InFlightTransaction> flight;  ///< to be undone by recovery
        RecoveredCallback recovered;
        std::string last_step;            ///< what the worker said last
        sysfs::Inventory seen;            ///< its devices, as they were before it wrote to them
        std::string worker_death;         ///< of the worker that had it first, and
        std::vector<policy::Step> steps;  ///< how far that one came
        std::string error;                ///< of an undo that is still owed
    };

    TransactionRunner(sysfs::Kernel& kernel, const StateDir& state, const ApplyOptions& options,
                      Lock lock, Journal journal, JournalState journal_state)
        : kernel_(kernel),
          state_(state),
          options_(options),
          lock_(std::move(lock)),
          journal_(std::move(journal)),
          journal_state_(std::move(journal_state)) {}

    std::string execute_request(const std::string& line,
                                const std::function<void(const std::string&)>& report);
    std::vector<WorkerJob> on_job_ended(const WorkerJob& job, JobEnd how, const std::string& line);
    std::vector<WorkerJob> on_recovery_ended(const std::string& txn, JobEnd how,
                                             const std::string& line);
    void on_progress_line(const std::string& txn, const std::string& line);
    void complete(const std::string& txn, TransactionOutcome outcome);
    void record_history(const ActiveTransaction& active, const std::string& txn);
    [[nodiscard]] std::string stuck_error(const std::string& txn,
                                          std::chrono::milliseconds timeout);
    [[nodiscard]] std::string blocking_reason(const policy::Transaction& transaction) const;
    [[nodiscard]] std::string pending_undo_error(const std::string& txn) const;
    [[nodiscard]] TransactionOutcome outcome_without_answer(const std::string& txn, JobEnd how,
                                                            const std::string& line);
    [[nodiscard]] static TransactionOutcome outcome_after_worker_death(ActiveTransaction& active,
                                                                       TransactionOutcome undone);
    [[nodiscard]] Recovery to_recovery(const InFlightTransaction& flight, JobEnd how,
                                       const std::string& line);
    void warn(const std::string& text) const;
    void progress(const ActiveTransaction& active, const std::string& doing) const;

    sysfs::Kernel& kernel_;
    const StateDir& state_;
    const ApplyOptions& options_;
    Lock lock_;
    Journal journal_;
    JournalState journal_state_;
    std::vector<BindingSnapshot> undone_;              ///< by recovery, after the plan was made
    std::map<std::string, ActiveTransaction> active_;  ///< by transaction
    std::vector<HistoryEntry> history_;
    std::size_t done_ = 0;
    std::size_t total_ = 0;
    std::unique_ptr<WorkerPool> pool_;  ///< last: its workers refer to the rest
};

/// The steps of a transaction whose worker did not come back to tell of them, from its intents in
/// the journal: done, `unfinished` for the one that did not return, skipped.
[[nodiscard]] std::vector<policy::Step> recorded_steps(std::vector<policy::Step> planned,
                                                       const InFlightTransaction* flight,
                                                       policy::StepResult unfinished);

}  // namespace binding
