// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/job_queue.hpp"

#include <algorithm>

namespace bindd {

using base::Code;
using base::Result;

namespace {

constexpr std::chrono::seconds kKeptAfterEnd{60};
constexpr std::size_t kMaxKept = 64;

bool is_by_request(const QueuedJob& queued) {
    return queued.job.request.kind != JobKind::kReconcile;
}

bool is_plan(const QueuedJob& queued) {
    return queued.job.request.mode == JobMode::kPlanOnly;
}

bool is_change_by_request(const QueuedJob& queued) {
    return is_by_request(queued) && !is_plan(queued);
}

bool is_waiting(const QueuedJob& queued) {
    return queued.job.state == JobState::kWaiting;
}

}  // namespace

bool JobScope::overlaps(const JobScope& other) const {
    return all || other.all ||
           std::any_of(groups.begin(), groups.end(),
                       [&](const std::string& group) { return other.groups.contains(group); });
}

QueuedJob& JobQueue::add(JobRequest request, JobScope scope, Time now) {
    forget_old(now);
    QueuedJob& queued = jobs_[++last_];
    queued.job.id = last_;
    queued.job.request = std::move(request);
    queued.scope = std::move(scope);
    return queued;
}

QueuedJob* JobQueue::find(JobId id) {
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? nullptr : &found->second;
}

const QueuedJob* JobQueue::find(JobId id) const {
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? nullptr : &found->second;
}

std::vector<JobId> JobQueue::due(const std::set<std::string>& working) const {
    std::vector<JobId> due;
    for (const auto& [id, queued] : jobs_)
        if (is_waiting(queued) && is_change_by_request(queued) && may_begin(queued) &&
            std::none_of(
                working.begin(), working.end(),
                [&scope = queued.scope](const std::string& group) { return scope.covers(group); }))
            due.push_back(id);
    if (const auto plan = next_plan())
        due.push_back(*plan);
    return due;
}

std::optional<JobId> JobQueue::next_plan() const {
    std::map<std::optional<std::uint32_t>, unsigned> last_turn;
    for (const auto& [id, queued] : jobs_) {
        if (!is_plan(queued))
            continue;
        if (queued.job.state == JobState::kLooking)
            return std::nullopt;
        unsigned& turn = last_turn[queued.job.request.requester.uid];
        turn = std::max(turn, queued.begun);
    }
    const QueuedJob* next = nullptr;
    const auto turn_of = [&](const QueuedJob& queued) {
        return last_turn[queued.job.request.requester.uid];
    };
    for (const auto& [id, queued] : jobs_)
        if (is_plan(queued) && is_waiting(queued) &&
            (next == nullptr || turn_of(queued) < turn_of(*next)))
            next = &queued;
    return next == nullptr ? std::nullopt : std::optional(next->job.id);
}

void JobQueue::begin(QueuedJob& queued) {
    queued.job.state = JobState::kLooking;
    queued.begun = ++begun_;
}

/// It waits for every change ahead of it with a common group, begun or not.
bool JobQueue::may_begin(const QueuedJob& queued) const {
    return std::none_of(jobs_.begin(), jobs_.find(queued.job.id), [&](const auto& entry) {
        const QueuedJob& ahead = entry.second;
        return !ahead.job.ended() && is_change_by_request(ahead) &&
               ahead.scope.overlaps(queued.scope);
    });
}

bool JobQueue::is_reserved(const std::string& group) const {
    return std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& entry) {
        const QueuedJob& queued = entry.second;
        const bool at_it = queued.job.state == JobState::kLooking || queued.in_flight != 0;
        return at_it && !is_plan(queued) && queued.scope.covers(group);
    });
}

std::vector<JobId> JobQueue::finished(const std::function<bool(const std::string&)>& is_quiet) {
    std::vector<JobId> finished;
    for (auto& [id, queued] : jobs_) {
        if (queued.job.state != JobState::kWorking || queued.in_flight != 0)
            continue;
        std::erase_if(queued.awaiting_scan, is_quiet);
        if (queued.awaiting_scan.empty())
            finished.push_back(id);
    }
    return finished;
}

Result<void> JobQueue::check_cancel(JobId id) const {
    const QueuedJob* queued = find(id);
    if (queued == nullptr)
        return base::fail(Code::kNotFound, "cancel", "job " + std::to_string(id), "no such job");
    if (!is_waiting(*queued))
        return base::fail(Code::kBusy, "cancel", "job " + std::to_string(id), "it has begun");
    return {};
}

void JobQueue::retire(JobId id, Time now) {
    if (QueuedJob* queued = find(id))
        queued->retired_at = now;
}

/// A caller can ask for a minute how a job ended, unless there are very many jobs. The daemon's own
/// jobs are only in the log.
void JobQueue::forget_old(Time now) {
    std::size_t kept = jobs_.size();
    for (auto at = jobs_.begin(); at != jobs_.end();) {
        const std::optional<Time>& retired = at->second.retired_at;
        if (retired &&
            (kept > kMaxKept || now - *retired > kKeptAfterEnd || !is_by_request(at->second))) {
            at = jobs_.erase(at);
            --kept;
        } else {
            ++at;
        }
    }
}

}  // namespace bindd
