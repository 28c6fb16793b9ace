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
#include "binding/transaction/active_transaction.hpp"
#include "binding/transaction/apply.hpp"
#include "binding/worker/worker_pool.hpp"

namespace binding {

/// Executes transactions while it holds the lock: undoes what was interrupted, runs each
/// transaction in a worker, keeps the history. Either to the end (`recover()`, `run()`), or by an
/// event loop that drives the pool (`begin_recovery()`, `begin()`). Not to be moved once one of
/// these was called: workers refer to it.
class TransactionRunner {
  public:
    /// `options`: of recovery, and of transactions without their own; must outlive the runner.
    [[nodiscard]] static base::Result<TransactionRunner> open(sysfs::Kernel& kernel,
                                                              const StateDir& state,
                                                              const ApplyOptions& options);

    /// Undoes every transaction in flight. run() then refuses transactions that were planned before
    /// and concern the same groups.
    [[nodiscard]] base::Result<Recovery> recover();
    /// Executes the plan's transactions of verdict `change`.
    void run(policy::Plan& plan);

    /// Reads the journal again.
    [[nodiscard]] base::Result<void> refresh();
    [[nodiscard]] const JournalState& journal_state() const { return journal_state_; }
    void begin(policy::Transaction transaction, const ApplyOptions& options, EndedCallback ended);
    void begin_recovery(const InFlightTransaction& flight, RecoveredCallback recovered);
    /// Records that these devices went away, or are other devices now. One that is there as
    /// recorded stays: another process bound it after it had come back, while this waited for the
    /// lock.
    [[nodiscard]] base::Result<void> forget(const std::vector<sysfs::DeviceId>& devices,
                                            const std::string& why);
    [[nodiscard]] WorkerPool& pool();

    /// Appends the history, and compacts the journal when it has grown.
    void close();

  private:
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
    [[nodiscard]] std::string blocking_reason(const policy::Transaction& transaction) const;
    [[nodiscard]] std::string pending_undo_error(const std::string& txn) const;
    [[nodiscard]] base::Result<JournalState> read_state() const;
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
    std::string newest_id_;             ///< of the transactions that this runner began
    std::unique_ptr<WorkerPool> pool_;  ///< last: its workers refer to the rest
};

}  // namespace binding
