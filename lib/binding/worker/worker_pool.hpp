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

#include "base/clock.hpp"
#include "base/non_copyable.hpp"
#include "binding/worker/worker.hpp"

namespace binding {

/// One thing for a worker to do. `drivers`: those it may unbind from, for the limits per driver.
struct WorkerJob {
    std::string name{};   ///< what its owner calls it: a transaction, a request's id
    std::string request;  ///< a line for the worker
    std::set<std::string> drivers;
    std::chrono::milliseconds timeout{0};  ///< for each write; 0: the pool's
    /// The job needs memory of ours as it is now, which a worker forked earlier does not have.
    bool needs_new_worker = false;
    /// Progress lines are reported at once; otherwise with the answer.
    bool progress_wanted = false;
    unsigned since = 0;  ///< set by the pool
};

enum class JobEnd {
    kAnswered,    ///< `line` is the worker's answer
    kDied,        ///< `line` is how
    kStuck,       ///< a write did not return in time
    kNotStarted,  ///< another job with the same limited driver is stuck, or no worker could be
                  ///< started
};

/// Executes jobs in forked workers, several at once, each write with a deadline. A worker past its
/// deadline is abandoned and replaced; the others continue. Call `run()`, or drive the pool from an
/// event loop: `watch()` the workers' sockets until `next_deadline()`, and call `turn()` when a
/// socket is readable.
class WorkerPool : base::NonCopyable {
  public:
    struct Callbacks {
        /// A line that the worker reported before its answer; it restarts the deadline.
        std::function<void(const WorkerJob&, const std::string& line)> on_progress_line;
        /// The job has ended; the jobs that are returned precede the waiting ones.
        std::function<std::vector<WorkerJob>(const WorkerJob&, JobEnd, const std::string& line)>
            on_ended;
        /// The stuck job's worker, killed and not waited for: it ends when the kernel releases it.
        std::function<void(const WorkerJob&, pid_t)> on_worker_abandoned;
    };

    WorkerPool(WorkerFunction work, unsigned workers, std::chrono::milliseconds timeout,
               Callbacks callbacks)
        : work_(std::move(work)),
          workers_(workers),
          timeout_(timeout),
          callbacks_(std::move(callbacks)) {}
    ~WorkerPool();

    void run(std::vector<WorkerJob> jobs);

    /// They start with the next turn().
    void add(std::vector<WorkerJob> jobs);
    [[nodiscard]] bool idle() const { return waiting_.empty() && !any_busy(); }
    void watch(std::vector<pollfd>& fds) const;
    [[nodiscard]] std::optional<base::Clock::time_point> next_deadline() const;
    /// Reads what the workers sent, abandons those past their deadline, and starts waiting jobs.
    void turn();
    /// Ends idle workers.
    void stop_idle();

  private:
    struct Slot {
        Worker worker;
        bool busy = false;
        WorkerJob job;
        base::Clock::time_point deadline;
        unsigned created_at = 0;
    };
    void start_jobs();
    /// Waits that long for a worker (-1: without limit), then does what turn() does.
    void poll_workers(int milliseconds);
    [[nodiscard]] bool has_memory_for(const Slot& slot, const WorkerJob& job) const;
    [[nodiscard]] std::vector<Slot>::iterator find_worker(const WorkerJob& job);
    [[nodiscard]] std::chrono::milliseconds write_timeout(const WorkerJob& job) const;
    void read_worker(std::size_t at);
    void read_progress(Slot& slot);
    void abandon_expired();
    void on_answer(Slot& slot, const std::string& line);
    void on_job_ended(const WorkerJob& job, JobEnd how, const std::string& line);
    void release_limits(const WorkerJob& job, JobEnd how);
    void add_first(std::vector<WorkerJob> next);
    [[nodiscard]] bool assign(Slot& slot);
    [[nodiscard]] bool start_worker();
    [[nodiscard]] bool may_start(const WorkerJob& job) const;
    [[nodiscard]] bool any_busy() const;
    void fail_waiting();

    WorkerFunction work_;
    unsigned workers_;
    std::chrono::milliseconds timeout_;
    Callbacks callbacks_;
    std::vector<Slot> slots_;
    std::deque<WorkerJob> waiting_;
    unsigned now_ = 0;                        ///< counts the jobs that need a new worker
    std::map<std::string, unsigned> in_use_;  ///< limited driver → jobs under way
};

/// How many transactions may unbind from `driver` at once; 0: no limit.
[[nodiscard]] unsigned parallel_unbind_limit(const std::string& driver);

}  // namespace binding
