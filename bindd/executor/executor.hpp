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
#include "binding/codec/messages.hpp"
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

/// The process that keeps the rights. It serves the requests of binding/codec/messages.hpp, of
/// which it trusts no name; its workers read the host and write to the kernel. It never waits for a
/// worker: one that the kernel does not let go is abandoned, and its transaction undone when it has
/// come back. It holds the one writer's lock only while a transaction is under way.
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
        std::uint64_t id;
        binding::ExecuteTransaction request;
    };
    /// A transaction whose worker did not come back.
    struct AbandonedWorker {
        pid_t worker = 0;
        base::UniqueFd pidfd;  ///< invalid once it has ended
        Clock::time_point retry;
    };

    void wait();
    [[nodiscard]] std::string serve_reader(const std::string& line,
                                           const std::function<void(const std::string&)>& report);
    [[nodiscard]] base::Result<void> open_for(const binding::OpenForClient& request);
    void on_reader_ended(const binding::WorkerJob& job, binding::JobEnd how,
                         const std::string& line);
    void dispatch(const std::string& line);
    void start_reader(std::uint64_t id, const std::string& line);
    void stop(std::uint64_t id);
    void recover(std::uint64_t id);
    void adopt(const binding::InFlightTransaction& flight, std::uint64_t id);
    void adopt_orphans();
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
    void send(std::uint64_t id, binding::Message message);
    void notify(binding::Message message);
    void reply(std::uint64_t id, const base::Result<void>& done);
    [[nodiscard]] std::optional<Clock::time_point> next_deadline() const;

    LineSocket socket_;
    const ExecutorDependencies& deps_;
    binding::ApplyOptions options_;
    FdChannel channel_;
    binding::WorkerPool readers_;
    std::optional<binding::TransactionRunner> session_;
    std::deque<QueuedTransaction> queue_;
    std::map<std::uint64_t, std::vector<sysfs::DeviceId>> to_forget_;  ///< by the request's id
    std::map<std::string, AbandonedWorker> abandoned_;                 ///< by transaction
    std::map<std::string, binding::InFlightTransaction> to_recover_;
    std::map<pid_t, base::UniqueFd> lost_readers_;  ///< and what tells that they have ended
    std::optional<Clock::time_point> lock_retry_at_;
    std::optional<Clock::time_point> idle_at_;
    enum class Stage { kServing, kStopping } stage_ = Stage::kServing;
};

}  // namespace bindd
