// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bindd/controller/job.hpp"

namespace bindd {

/// The groups that a job reserves from its scan to its end; an `apply` reserves all.
struct JobScope {
    std::set<std::string> groups{};  ///< their keys
    bool all = false;

    [[nodiscard]] bool covers(const std::string& group) const {
        return all || groups.contains(group);
    }
    [[nodiscard]] bool overlaps(const JobScope& other) const;
};

/// A job in the queue, and what it waits for before its end.
struct QueuedJob {
    using Time = std::chrono::steady_clock::time_point;

    Job job;
    JobScope scope;
    unsigned begun = 0;                     ///< its place among the jobs that have begun
    std::size_t in_flight = 0;              ///< transactions with the executor
    std::set<std::string> awaiting_scan{};  ///< groups to scan again
    std::optional<Time> retired_at{};
};

/// The jobs by number and their order: first come, first served, each request with its groups to
/// itself. The daemon's own jobs reserve no group and do not wait, but requests wait for working
/// groups. What only plans (`--dry-run`) reserves nothing and neither waits for the others nor they
/// for it: anyone may plan. A value without a clock. A job keeps its address until it has been
/// retired and another one is added.
class JobQueue {
  public:
    using Time = QueuedJob::Time;

    /// No number is used twice.
    [[nodiscard]] QueuedJob& add(JobRequest request, JobScope scope, Time now);
    [[nodiscard]] QueuedJob* find(JobId id);
    [[nodiscard]] const QueuedJob* find(JobId id) const;
    /// The number of the job added last.
    [[nodiscard]] JobId last() const { return last_; }

    /// The requests that may begin now, in order; none that changes anything begins on a working
    /// group. Of those that only plan it is one, while none is running: the users take turns,
    /// however many connections each has, and a reader stays free for events.
    [[nodiscard]] std::vector<JobId> due(const std::set<std::string>& working) const;
    /// The job scans the host now.
    void begin(QueuedJob& queued);
    /// A job has the group to itself, from its scan until its last transaction has ended; after
    /// that its groups are evaluated like any others.
    [[nodiscard]] bool is_reserved(const std::string& group) const;
    /// The working jobs without transactions in flight whose groups are all quiet.
    [[nodiscard]] std::vector<JobId> finished(
        const std::function<bool(const std::string&)>& is_quiet);
    /// kNotFound, or kBusy once it has begun.
    [[nodiscard]] base::Result<void> check_cancel(JobId id) const;
    /// Observers were notified of its end: it is kept for a while, for callers that ask how it
    /// ended.
    void retire(JobId id, Time now);

  private:
    [[nodiscard]] bool may_begin(const QueuedJob& queued) const;
    [[nodiscard]] std::optional<JobId> next_plan() const;
    void forget_old(Time now);

    std::map<JobId, QueuedJob> jobs_;
    JobId last_ = 0;
    unsigned begun_ = 0;
};

}  // namespace bindd
