// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "binding/worker.hpp"

namespace binding {

/// One thing for a worker to do. `drivers`: those it may unbind from, for the limits per driver.
struct Job {
    std::string request;
    std::set<std::string> drivers;
};

enum class End {
    kAnswered,  ///< `line` is the worker's answer
    kDied,      ///< `line` is how
    kStuck,     ///< a write did not return in time
    kNotBegun,  ///< another job with the same limited driver is stuck, or no worker could be started
};

/// Carries jobs out in forked workers, several at once, each write under a deadline. A worker that lets
/// its deadline pass is abandoned and replaced; the others go on.
class Pool {
  public:
    using Clock = std::chrono::steady_clock;

    struct Listener {
        /// A line the worker said before its answer: the deadline starts anew.
        std::function<void(const Job&, const std::string& line)> said;
        /// The job has ended; jobs that follow from it are returned and done before the others.
        std::function<std::vector<Job>(const Job&, End, const std::string& line)> ended;
    };

    Pool(Work work, unsigned workers, std::chrono::milliseconds timeout, Listener listener)
        : work_(std::move(work)), workers_(workers), timeout_(timeout),
          listener_(std::move(listener)) {}
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool();

    void run(std::vector<Job> jobs);

  private:
    struct Slot {
        Worker worker;
        bool busy = false;
        Job job;
        Clock::time_point deadline;
    };
    void fill();
    void listen();
    void take_lines(std::size_t at);
    void expire();
    void end(std::size_t at, End how, const std::string& line);
    void report(const Job& job, End how, const std::string& line);
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
    std::map<std::string, unsigned> in_use_;  ///< limited driver → jobs under way
};

/// How many transactions may unbind from `driver` at once; 0: no limit.
[[nodiscard]] unsigned limit_of(const std::string& driver);

}  // namespace binding
