// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bindd/executor/fd_passing.hpp"
#include "bindd/executor/line_socket.hpp"
#include "binding/transaction/transaction_runner.hpp"

namespace bindd {

/// What the executor works with; made before the fork.
struct ExecutorDependencies {
    sysfs::Kernel& kernel;
    binding::StateDir state;
    std::function<base::Result<void>(const sysfs::Device&)> check_open;
    OpenDevice open{};                                ///< none: it cannot
    std::chrono::milliseconds write_timeout{60'000};  ///< of a recovery's writes
    std::chrono::milliseconds read_timeout{8'000};
};

/// The process that keeps the rights. It takes lines from the one that decides, checks every name
/// in them, has its own workers look at the host and write to the kernel, and never waits for one
/// of them: a worker that the kernel does not let go is left behind, and its transaction undone
/// when it has come back. The one writer's lock is held while a transaction is under way, and only
/// then.
///
/// Requests are "ID\tVERB\tPART...", answers "ID\tKIND\tPART..." and at last "ID\t=" or
/// "ID\t!\tERROR"; an ID of 0 was not asked for.
///   look, read, usage                                 as in reader.hpp
///   carry ACTOR ACTION TIMEOUT_MS TRANSACTION         → doing TEXT..., ended TXN TRANSACTION
///   recover                                           → flight BEGIN-RECORD..., (later, 0)
///   recovered TXN WHAT NOTE
///                                                     (also unasked, 0: flight BEGIN-RECORD, of a
///                                                     process that died)
///   open WHICH DEVICE BACKEND                         its fds come through the channel, as WHICH
///   forget IDS                                        what went away is no longer ours
///   ping, stop
/// When reading devices does not return: 0 hangs TXN DEVICE..., and, once it has, 0 recovered TXN
/// undone "".
class Executor {
  public:
    Executor(LineSocket socket, FdChannel channel, const ExecutorDependencies& deps);
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;
    ~Executor() = default;

    /// Until the other side is gone or says stop, and what was under way has ended.
    void run();

  private:
    using Clock = std::chrono::steady_clock;
    struct QueuedTransaction {
        std::string id;
        std::string actor;
        std::string action;
        std::chrono::milliseconds timeout;
        policy::Transaction transaction;
    };
    /// A transaction whose worker did not come back.
    struct AbandonedWorker {
        pid_t worker = 0;
        base::UniqueFd pidfd;  ///< invalid once it has ended
        Clock::time_point retry;
    };

    void wait();
    [[nodiscard]] std::string serve_reader(const std::string& request,
                                           const std::function<void(const std::string&)>& say);
    void dispatch(const std::string& line);
    void recover(const std::string& id);
    void adopt(const binding::InFlightTransaction& flight, const std::string& id);
    void adopt_orphans();
    void forget(const std::string& id, const std::string& ids);
    void enqueue(const std::string& id, const std::vector<std::string>& parts);
    void process_queue();
    [[nodiscard]] bool has_work() const;
    [[nodiscard]] bool open_session();
    void start_transaction(QueuedTransaction queued);
    void begin_recovery(const binding::InFlightTransaction& flight);
    void retry_recoveries();
    void on_reader_lost(pid_t reader);
    void reap_readers();
    void on_recovered(const std::string& txn, const binding::Recovery& recovery);
    void report_pending_undo(const std::string& txn, const std::string& note);
    void close_session();
    void on_worker_abandoned(const std::string& txn, pid_t worker);
    void reply(const std::string& id, const base::Result<void>& done);
    [[nodiscard]] std::optional<Clock::time_point> next_deadline() const;

    LineSocket socket_;
    const ExecutorDependencies& deps_;
    binding::ApplyOptions options_;
    FdChannel channel_;
    binding::WorkerPool readers_;
    std::optional<binding::TransactionRunner> session_;
    std::deque<QueuedTransaction> queue_;
    std::map<std::string, std::vector<sysfs::DeviceId>> to_forget_;  ///< by the request's id
    std::map<std::string, AbandonedWorker> abandoned_;               ///< by transaction
    std::map<std::string, binding::InFlightTransaction> to_recover_;
    std::map<pid_t, base::UniqueFd> lost_readers_;  ///< and what tells that they have ended
    std::optional<Clock::time_point> lock_retry_at_;
    std::optional<Clock::time_point> idle_at_;
    enum class Stage { kServing, kStopping } stage_ = Stage::kServing;
};

}  // namespace bindd
