// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <poll.h>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "binding/worker.hpp"

namespace binding {

/// One thing for a worker to do. `drivers`: those it may unbind from, for the limits per driver.
struct Job {
    std::string request;
    std::set<std::string> drivers;
    std::chrono::milliseconds timeout{0};  ///< for each write; 0: the pool's
    /// What the job needs to know has come into our memory only now: a worker forked before cannot have it.
    bool needs_new_worker = false;
    /// Somebody follows what the worker says; else it waits until the answer comes, or does not.
    bool followed = false;
    unsigned since = 0;  ///< set by the pool
};

enum class End {
    kAnswered,  ///< `line` is the worker's answer
    kDied,      ///< `line` is how
    kStuck,     ///< a write did not return in time
    kNotBegun,  ///< another job with the same limited driver is stuck, or no worker could be started
};

/// Carries jobs out in forked workers, several at once, each write under a deadline. A worker that lets
/// its deadline pass is abandoned and replaced; the others go on. Either `run` it to the end, or drive it from an
/// event loop: `watch` its workers' sockets and `next_deadline`, and `turn` it when one of them calls.
class Pool {
  public:
    using Clock = std::chrono::steady_clock;

    struct Listener {
        /// A line the worker said before its answer: the deadline starts anew when it was said.
        std::function<void(const Job&, const std::string& line)> said;
        /// The job has ended; jobs that follow from it are returned and done before the others.
        std::function<std::vector<Job>(const Job&, End, const std::string& line)> ended;
        /// The stuck job's worker, killed and not waited for: it ends when the kernel lets it go.
        std::function<void(const Job&, pid_t)> left_behind;
    };

    Pool(Work work, unsigned workers, std::chrono::milliseconds timeout, Listener listener)
        : work_(std::move(work)), workers_(workers), timeout_(timeout),
          listener_(std::move(listener)) {}
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool();

    void run(std::vector<Job> jobs);

    /// They begin with the next turn.
    void add(std::vector<Job> jobs);
    [[nodiscard]] bool idle() const { return waiting_.empty() && !any_busy(); }
    void watch(std::vector<pollfd>& asked) const;
    [[nodiscard]] std::optional<Clock::time_point> next_deadline() const;
    /// Takes what the workers have said, gives up on those past their deadline, and hands out what may begin.
    void turn();
    /// Ends the workers that have nothing to do.
    void rest();

  private:
    struct Slot {
        Worker worker;
        bool busy = false;
        Job job;
        Clock::time_point deadline;
        unsigned born = 0;
    };
    void fill();
    /// Hears the workers that call within that time (-1: however long), and goes on from there.
    void listen(int milliseconds);
    [[nodiscard]] bool knows(const Slot& slot, const Job& job) const;
    [[nodiscard]] std::vector<Slot>::iterator worker_for(const Job& job);
    [[nodiscard]] std::chrono::milliseconds patience(const Job& job) const;
    void hear(std::size_t at);
    void hear_said(Slot& slot);
    void expire();
    void answered(Slot& slot, const std::string& line);
    void report(const Job& job, End how, const std::string& line);
    void release(const Job& job, End how);
    void follow(std::vector<Job> next);
    [[nodiscard]] bool give(Slot& slot);
    [[nodiscard]] bool start_worker();
    [[nodiscard]] bool may_begin(const Job& job) const;
    [[nodiscard]] bool any_busy() const;
    void refuse_all();

    Work work_;
    unsigned workers_;
    std::chrono::milliseconds timeout_;
    Listener listener_;
    std::vector<Slot> slots_;
    std::deque<Job> waiting_;
    unsigned now_ = 0;  ///< counts the jobs that need a new worker
    std::map<std::string, unsigned> in_use_;  ///< limited driver → jobs under way
};

/// How many transactions may unbind from `driver` at once; 0: no limit.
[[nodiscard]] unsigned limit_of(const std::string& driver);

}  // namespace binding
