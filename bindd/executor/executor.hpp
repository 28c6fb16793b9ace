// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/non_copyable.hpp"
#include "bindd/executor/executor_dependencies.hpp"
#include "bindd/executor/readers.hpp"
#include "bindd/executor/recoveries.hpp"
#include "bindd/executor/sockets.hpp"
#include "binding/codec/messages.hpp"
#include "binding/transaction/transaction_runner.hpp"

namespace bindd {

/// The process that keeps the rights. It serves the requests of binding/codec/messages.hpp, of
/// which it trusts no name; its workers read the host and write to the kernel. It never waits for a
/// worker: one that the kernel does not let go is abandoned, and its transaction undone when it has
/// come back. It holds the one writer's lock only while a transaction is under way.
class Executor : base::NonCopyable {
  public:
    Executor(LineSocket socket, FdChannel channel, const ExecutorDependencies& deps);

    /// Returns when the peer is gone or sends Stop, and every transaction has ended.
    void run();

  private:
    struct QueuedTransaction {
        std::uint64_t id;
        binding::ExecuteTransaction request;
    };

    void wait();
    void dispatch(const std::string& line);
    void stop(std::uint64_t id);
    void recover(std::uint64_t id);
    void process_queue();
    [[nodiscard]] bool has_work() const;
    [[nodiscard]] bool open_session();
    void fail_waiting(const base::Error& error);
    void start_transaction(QueuedTransaction queued);
    void close_session();
    void send(std::uint64_t id, binding::Message message);
    void notify(binding::Message message);
    void reply(std::uint64_t id, const base::Result<void>& done);
    [[nodiscard]] std::optional<base::Clock::time_point> next_deadline() const;

    LineSocket socket_;
    const ExecutorDependencies& deps_;
    binding::ApplyOptions options_;
    binding::JournalReader journal_reader_;
    Recoveries recoveries_;
    Readers readers_;
    std::optional<binding::TransactionRunner> session_;
    std::deque<QueuedTransaction> queue_;
    std::map<std::uint64_t, std::vector<sysfs::DeviceId>> to_forget_;  ///< by the request's id
    std::optional<base::Clock::time_point> lock_retry_at_;
    enum class Stage { kServing, kStopping } stage_ = Stage::kServing;
};

}  // namespace bindd
