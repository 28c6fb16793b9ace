// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/worker/worker_pool.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/clock.hpp"

namespace binding {
namespace {

/// Drivers whose kernel code does not survive parallel unbinds. ioatdma: unbinding channels of one
/// engine side by side hit a kernel BUG (bugzilla 209041), which SPDK's setup.sh met by doing all
/// of them one after the other.
constexpr std::array kLimits = {
    std::pair{std::string_view("ioatdma"), 1U},
};

int milliseconds_until(const std::optional<base::Clock::time_point>& time) {
    if (!time)
        return -1;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(*time - base::Clock::now()).count() +
        1;
    return static_cast<int>(std::max<long long>(left, 0));
}

}  // namespace

unsigned parallel_unbind_limit(const std::string& driver) {
    for (const auto& [name, limit] : kLimits)
        if (name == driver)
            return limit;
    return 0;
}

WorkerPool::~WorkerPool() {
    stop_idle();
    for (Slot& slot : slots_)
        slot.worker.abandon();
}

void WorkerPool::add(std::vector<WorkerJob> jobs) {
    for (WorkerJob& job : jobs) {
        if (job.needs_new_worker)
            job.since = ++now_;
        waiting_.push_back(std::move(job));
    }
}

void WorkerPool::run(std::vector<WorkerJob> jobs) {
    add(std::move(jobs));
    start_jobs();
    while (any_busy())
        poll_workers(milliseconds_until(next_deadline()));
    fail_waiting();
}

void WorkerPool::turn() {
    start_jobs();
    poll_workers(0);
    if (!any_busy())
        fail_waiting();
}

void WorkerPool::poll_workers(int milliseconds) {
    std::vector<pollfd> fds;
    watch(fds);
    (void)::poll(fds.data(), fds.size(), milliseconds);
    // From the back, as a slot may go.
    for (std::size_t at = slots_.size(); at-- > 0;) {
        const auto is_readable = [&slot = slots_[at]](const pollfd& each) {
            return each.revents != 0 &&
                   (each.fd == slot.worker.fd() || each.fd == slot.worker.progress_fd());
        };
        if (std::any_of(fds.begin(), fds.end(), is_readable))
            read_worker(at);
    }
    abandon_expired();
    start_jobs();
}

void WorkerPool::stop_idle() {
    // All receive the message to end before the first is waited for: an exit takes as long as a
    // transaction.
    for (Slot& slot : slots_)
        if (!slot.busy)
            slot.worker.close_requests();
    for (Slot& slot : slots_)
        if (!slot.busy)
            slot.worker.stop();
    std::erase_if(slots_, [](const Slot& slot) { return !slot.busy; });
}

bool WorkerPool::has_memory_for(const Slot& slot, const WorkerJob& job) const {
    return slot.created_at >= job.since;
}

/// A free worker that knows what the job needs, or a new one, for which an idle one that does not
/// may have to go.
std::vector<WorkerPool::Slot>::iterator WorkerPool::find_worker(const WorkerJob& job) {
    const auto free = [](const Slot& slot) { return !slot.busy; };
    const auto suitable = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) {
        return free(slot) && has_memory_for(slot, job);
    });
    if (suitable != slots_.end())
        return suitable;
    if (slots_.size() >= workers_) {
        const auto old = std::find_if(slots_.begin(), slots_.end(), free);
        if (old == slots_.end())
            return old;
        old->worker.stop();
        slots_.erase(old);
    }
    return start_worker() ? std::prev(slots_.end()) : slots_.end();
}

/// Gives every job that may begin to a worker, starting workers while there are too few.
void WorkerPool::start_jobs() {
    for (auto job = waiting_.begin(); job != waiting_.end();) {
        if (!may_start(*job)) {
            ++job;
            continue;
        }
        const auto worker = find_worker(*job);
        if (worker == slots_.end())
            return;
        worker->job = std::move(*job);
        job = waiting_.erase(job);
        if (!assign(*worker)) {
            // It died while idle: the job is whole, another worker takes it.
            waiting_.push_front(std::move(worker->job));
            (void)worker->worker.wait_status();
            slots_.erase(worker);
            job = waiting_.begin();
        }
    }
}

std::chrono::milliseconds WorkerPool::write_timeout(const WorkerJob& job) const {
    return job.timeout.count() != 0 ? job.timeout : timeout_;
}

bool WorkerPool::assign(Slot& slot) {
    if (!slot.worker.send(slot.job.request))
        return false;
    slot.busy = true;
    slot.deadline = base::Clock::now() + write_timeout(slot.job);
    for (const std::string& driver : slot.job.drivers)
        if (parallel_unbind_limit(driver) != 0)
            ++in_use_[driver];
    return true;
}

bool WorkerPool::may_start(const WorkerJob& job) const {
    return std::all_of(job.drivers.begin(), job.drivers.end(), [&](const std::string& driver) {
        const auto used = in_use_.find(driver);
        return used == in_use_.end() || used->second < parallel_unbind_limit(driver);
    });
}

bool WorkerPool::start_worker() {
    std::vector<int> siblings;
    for (const Slot& slot : slots_)
        siblings.insert(siblings.end(), {slot.worker.fd(), slot.worker.progress_fd()});
    auto worker = Worker::start(work_, siblings);
    if (!worker)
        return false;
    slots_.push_back(Slot{std::move(*worker), false, {}, {}, now_});
    return true;
}

bool WorkerPool::any_busy() const {
    return std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.busy; });
}

void WorkerPool::watch(std::vector<pollfd>& fds) const {
    for (const Slot& slot : slots_) {
        fds.push_back({slot.worker.fd(), POLLIN, 0});
        if (slot.busy && slot.job.progress_wanted)
            fds.push_back({slot.worker.progress_fd(), POLLIN, 0});
    }
}

std::optional<base::Clock::time_point> WorkerPool::next_deadline() const {
    std::optional<base::Clock::time_point> next;
    for (const Slot& slot : slots_)
        if (slot.busy && (!next || slot.deadline < *next))
            next = slot.deadline;
    return next;
}

void WorkerPool::read_worker(std::size_t at) {
    // In this order: once an answer is readable, so are the lines sent before it.
    const auto answers = slots_[at].worker.read_answers();
    read_progress(slots_[at]);
    if (!answers) {
        const std::string how = slots_[at].worker.wait_status();
        Slot dead = std::move(slots_[at]);
        slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(at));
        if (dead.busy)
            on_job_ended(dead.job, JobEnd::kDied, how);
        return;
    }
    for (const std::string& line : *answers)
        on_answer(slots_[at], line);
}

void WorkerPool::read_progress(Slot& slot) {
    for (const ProgressText& progress : slot.worker.read_progress()) {
        slot.deadline = progress.at + write_timeout(slot.job);
        callbacks_.on_progress_line(slot.job, progress.line);
    }
}

/// The worker gets its next job before this answer is processed.
void WorkerPool::on_answer(Slot& slot, const std::string& line) {
    slot.busy = false;
    const WorkerJob job = std::exchange(slot.job, {});
    release_limits(job, JobEnd::kAnswered);
    const auto next = std::find_if(waiting_.begin(), waiting_.end(), [&](const WorkerJob& each) {
        return may_start(each) && has_memory_for(slot, each);
    });
    if (next != waiting_.end()) {
        slot.job = std::move(*next);
        waiting_.erase(next);
        if (!assign(slot))
            waiting_.push_front(std::exchange(slot.job, {}));
    }
    add_first(callbacks_.on_ended(job, JobEnd::kAnswered, line));
}

/// A write that did not return keeps its place: no other may start beside it.
void WorkerPool::release_limits(const WorkerJob& job, JobEnd how) {
    for (const std::string& driver : job.drivers)
        if (const auto used = in_use_.find(driver);
            used != in_use_.end() && how != JobEnd::kStuck && used->second > 0)
            --used->second;
}

void WorkerPool::on_job_ended(const WorkerJob& job, JobEnd how, const std::string& line) {
    release_limits(job, how);
    add_first(callbacks_.on_ended(job, how, line));
}

void WorkerPool::add_first(std::vector<WorkerJob> next) {
    waiting_.insert(waiting_.begin(), std::make_move_iterator(next.begin()),
                    std::make_move_iterator(next.end()));
}

void WorkerPool::abandon_expired() {
    const auto now = base::Clock::now();
    for (std::size_t at = slots_.size(); at-- > 0;) {
        if (!slots_[at].busy || slots_[at].deadline > now)
            continue;
        read_progress(slots_[at]);
        if (slots_[at].deadline > now)
            continue;
        Slot stuck = std::move(slots_[at]);
        slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(at));
        stuck.worker.abandon();
        if (callbacks_.on_worker_abandoned)
            callbacks_.on_worker_abandoned(stuck.job, stuck.worker.pid());
        on_job_ended(stuck.job, JobEnd::kStuck, {});
    }
}

void WorkerPool::fail_waiting() {
    while (!waiting_.empty()) {
        const WorkerJob job = std::move(waiting_.front());
        waiting_.pop_front();
        (void)callbacks_.on_ended(job, JobEnd::kNotStarted, {});
    }
}

}  // namespace binding
