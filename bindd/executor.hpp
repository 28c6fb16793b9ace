// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "binding/session.hpp"
#include "bindd/line_socket.hpp"
#include "bindd/opened.hpp"

namespace bindd {

/// What the executor works with; made before the fork.
struct Tools {
    sysfs::Kernel& kernel;
    binding::StateDir state;
    std::function<sysfs::Result<void>(const sysfs::Device&)> check_open;
    OpenDevice open{};  ///< none: it cannot
    std::chrono::milliseconds write_patience{60'000};  ///< of a recovery's writes
    std::chrono::milliseconds read_patience{8'000};
};

/// The process that keeps the rights. It takes lines from the one that decides, checks every name in them, has
/// its own workers look at the host and write to the kernel, and never waits for one of them: a worker that the
/// kernel does not let go is left behind, and its transaction undone when it has come back. The one writer's lock
/// is held while a transaction is under way, and only then.
///
/// Requests are "ID\tVERB\tPART...", answers "ID\tKIND\tPART..." and at last "ID\t=" or "ID\t!\tERROR"; an
/// ID of 0 was not asked for.
///   look, read, usage                                 as in reader.hpp
///   carry ACTOR ACTION TIMEOUT_MS TRANSACTION         → doing TEXT..., ended TXN TRANSACTION
///   recover                                           → flight BEGIN-RECORD..., (later, 0) recovered TXN WHAT NOTE
///                                                     (also unasked, 0: flight BEGIN-RECORD, of a process that died)
///   open WHICH DEVICE BACKEND                         its fds come through the channel, as WHICH
///   forget IDS                                        what went away is no longer ours
///   ping, stop
/// When reading devices does not return: 0 hangs TXN DEVICE..., and, once it has, 0 recovered TXN undone "".
class Executor {
  public:
    Executor(LineSocket socket, FdChannel channel, const Tools& tools);
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;
    ~Executor() = default;

    /// Until the other side is gone or says stop, and what was under way has ended.
    void run();

  private:
    using Clock = std::chrono::steady_clock;
    struct Errand {
        std::string id;
        std::string actor;
        std::string action;
        std::chrono::milliseconds timeout;
        policy::Transaction transaction;
    };
    /// A transaction whose worker did not come back.
    struct LeftBehind {
        pid_t worker = 0;
        sysfs::UniqueFd pidfd;  ///< invalid once it has ended
        Clock::time_point retry;
    };

    void wait();
    [[nodiscard]] std::string read_or_open(const std::string& request,
                                           const std::function<void(const std::string&)>& say);
    void take(const std::string& line);
    void recover(const std::string& id);
    void take_over(const binding::InFlight& flight, const std::string& id);
    void take_over_orphans();
    void forget(const std::string& id, const std::string& ids);
    void carry(const std::string& id, const std::vector<std::string>& parts);
    void work();
    [[nodiscard]] bool has_work() const;
    [[nodiscard]] bool open_session();
    void begin(Errand errand);
    void begin_recovery(const binding::InFlight& flight);
    void retry_recoveries();
    void lose_reader(pid_t reader);
    void reap_readers();
    void recovered(const std::string& txn, const binding::Recovery& recovery);
    void still_owed(const std::string& txn, const std::string& note);
    void end_session();
    void left_behind(const std::string& txn, pid_t worker);
    void answer(const std::string& id, const sysfs::Result<void>& done);
    [[nodiscard]] std::optional<Clock::time_point> next_time() const;

    LineSocket socket_;
    const Tools& tools_;
    binding::ApplyOptions options_;
    FdChannel channel_;
    binding::Pool readers_;
    std::optional<binding::Session> session_;
    std::deque<Errand> errands_;
    std::map<std::string, std::vector<sysfs::DeviceId>> to_forget_;  ///< by the request's id
    std::map<std::string, LeftBehind> left_behind_;                  ///< by transaction
    std::map<std::string, binding::InFlight> to_recover_;
    std::map<pid_t, sysfs::UniqueFd> lost_readers_;  ///< and what tells that they have ended
    std::optional<Clock::time_point> lock_again_;
    std::optional<Clock::time_point> rest_at_;
    enum class Stage { kServing, kStopping } stage_ = Stage::kServing;
};

}  // namespace bindd
