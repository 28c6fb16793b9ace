// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/pool.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

namespace binding {
namespace {

/// Drivers whose kernel code does not stand parallel unbinds. ioatdma: unbinding channels of one engine
/// side by side hit a kernel BUG (bugzilla 209041), which SPDK's setup.sh met by doing all of them
/// one after the other.
constexpr std::array kLimits = {
    std::pair{std::string_view("ioatdma"), 1U},
};

int milliseconds_until(const std::optional<Pool::Clock::time_point>& time) {
    if (!time)
        return -1;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(*time - Pool::Clock::now()).count() +
        1;
    return static_cast<int>(std::max<long long>(left, 0));
}

}  // namespace

unsigned limit_of(const std::string& driver) {
    for (const auto& [name, limit] : kLimits)
        if (name == driver)
            return limit;
    return 0;
}

Pool::~Pool() {
    rest();
    for (Slot& slot : slots_)
        slot.worker.abandon();
}

void Pool::add(std::vector<Job> jobs) {
    for (Job& job : jobs) {
        if (job.needs_new_worker)
            job.since = ++now_;
        waiting_.push_back(std::move(job));
    }
}

void Pool::run(std::vector<Job> jobs) {
    add(std::move(jobs));
    fill();
    while (any_busy())
        listen(milliseconds_until(next_deadline()));
    refuse_all();
}

void Pool::turn() {
    fill();
    listen(0);
    if (!any_busy())
        refuse_all();
}

void Pool::listen(int milliseconds) {
    std::vector<pollfd> asked;
    watch(asked);
    (void)::poll(asked.data(), asked.size(), milliseconds);
    // From the back, as a slot may go.
    for (std::size_t at = slots_.size(); at-- > 0;) {
        const auto calls = [&slot = slots_[at]](const pollfd& each) {
            return each.revents != 0 &&
                   (each.fd == slot.worker.fd() || each.fd == slot.worker.said_fd());
        };
        if (std::any_of(asked.begin(), asked.end(), calls))
            hear(at);
    }
    expire();
    fill();
}

void Pool::rest() {
    // All are told before the first is waited for: ending takes a process as long as a transaction.
    for (Slot& slot : slots_)
        if (!slot.busy)
            slot.worker.dismiss();
    for (Slot& slot : slots_)
        if (!slot.busy)
            slot.worker.finish();
    std::erase_if(slots_, [](const Slot& slot) { return !slot.busy; });
}

bool Pool::knows(const Slot& slot, const Job& job) const {
    return slot.born >= job.since;
}

/// A free worker that knows what the job needs, or a new one, for which an idle one that does not may have to go.
std::vector<Pool::Slot>::iterator Pool::worker_for(const Job& job) {
    const auto free = [](const Slot& slot) { return !slot.busy; };
    const auto able = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) {
        return free(slot) && knows(slot, job);
    });
    if (able != slots_.end())
        return able;
    if (slots_.size() >= workers_) {
        const auto old = std::find_if(slots_.begin(), slots_.end(), free);
        if (old == slots_.end())
            return old;
        old->worker.finish();
        slots_.erase(old);
    }
    return start_worker() ? std::prev(slots_.end()) : slots_.end();
}

/// Gives every job that may begin to a worker, starting workers while there are too few.
void Pool::fill() {
    for (auto job = waiting_.begin(); job != waiting_.end();) {
        if (!may_begin(*job)) {
            ++job;
            continue;
        }
        const auto worker = worker_for(*job);
        if (worker == slots_.end())
            return;
        worker->job = std::move(*job);
        job = waiting_.erase(job);
        if (!give(*worker)) {
            // It died while idle: the job is whole, another worker takes it.
            waiting_.push_front(std::move(worker->job));
            (void)worker->worker.death();
            slots_.erase(worker);
            job = waiting_.begin();
        }
    }
}

std::chrono::milliseconds Pool::patience(const Job& job) const {
    return job.timeout.count() != 0 ? job.timeout : timeout_;
}

bool Pool::give(Slot& slot) {
    if (!slot.worker.ask(slot.job.request))
        return false;
    slot.busy = true;
    slot.deadline = Clock::now() + patience(slot.job);
    for (const std::string& driver : slot.job.drivers)
        if (limit_of(driver) != 0)
            ++in_use_[driver];
    return true;
}

bool Pool::may_begin(const Job& job) const {
    return std::all_of(job.drivers.begin(), job.drivers.end(), [&](const std::string& driver) {
        const auto used = in_use_.find(driver);
        return used == in_use_.end() || used->second < limit_of(driver);
    });
}

bool Pool::start_worker() {
    std::vector<int> siblings;
    for (const Slot& slot : slots_)
        siblings.insert(siblings.end(), {slot.worker.fd(), slot.worker.said_fd()});
    auto worker = Worker::start(work_, siblings);
    if (!worker)
        return false;
    slots_.push_back(Slot{std::move(*worker), false, {}, {}, now_});
    return true;
}

bool Pool::any_busy() const {
    return std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.busy; });
}

void Pool::watch(std::vector<pollfd>& asked) const {
    for (const Slot& slot : slots_) {
        asked.push_back({slot.worker.fd(), POLLIN, 0});
        if (slot.busy && slot.job.followed)
            asked.push_back({slot.worker.said_fd(), POLLIN, 0});
    }
}

std::optional<Pool::Clock::time_point> Pool::next_deadline() const {
    std::optional<Clock::time_point> next;
    for (const Slot& slot : slots_)
        if (slot.busy && (!next || slot.deadline < *next))
            next = slot.deadline;
    return next;
}

void Pool::hear(std::size_t at) {
    // In this order: what was said before an answer is there once the answer is.
    const auto answers = slots_[at].worker.answers();
    hear_said(slots_[at]);
    if (!answers) {
        const std::string how = slots_[at].worker.death();
        Slot dead = std::move(slots_[at]);
        slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(at));
        if (dead.busy)
            report(dead.job, End::kDied, how);
        return;
    }
    for (const std::string& line : *answers)
        answered(slots_[at], line.substr(1));
}

void Pool::hear_said(Slot& slot) {
    for (const Said& said : slot.worker.said()) {
        slot.deadline = said.at + patience(slot.job);
        listener_.said(slot.job, said.line);
    }
}

/// The worker goes on with the next job while we see to what this one has told.
void Pool::answered(Slot& slot, const std::string& line) {
    slot.busy = false;
    const Job job = std::exchange(slot.job, {});
    release(job, End::kAnswered);
    const auto next = std::find_if(waiting_.begin(), waiting_.end(), [&](const Job& each) {
        return may_begin(each) && knows(slot, each);
    });
    if (next != waiting_.end()) {
        slot.job = std::move(*next);
        waiting_.erase(next);
        if (!give(slot))
            waiting_.push_front(std::exchange(slot.job, {}));
    }
    follow(listener_.ended(job, End::kAnswered, line));
}

/// A write that never came back counts for ever: beside it none may begin.
void Pool::release(const Job& job, End how) {
    for (const std::string& driver : job.drivers)
        if (const auto used = in_use_.find(driver);
            used != in_use_.end() && how != End::kStuck && used->second > 0)
            --used->second;
}

void Pool::report(const Job& job, End how, const std::string& line) {
    release(job, how);
    follow(listener_.ended(job, how, line));
}

void Pool::follow(std::vector<Job> next) {
    waiting_.insert(waiting_.begin(), std::make_move_iterator(next.begin()),
                    std::make_move_iterator(next.end()));
}

void Pool::expire() {
    const auto now = Clock::now();
    for (std::size_t at = slots_.size(); at-- > 0;) {
        if (!slots_[at].busy || slots_[at].deadline > now)
            continue;
        hear_said(slots_[at]);
        if (slots_[at].deadline > now)
            continue;
        Slot stuck = std::move(slots_[at]);
        slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(at));
        stuck.worker.abandon();
        if (listener_.left_behind)
            listener_.left_behind(stuck.job, stuck.worker.pid());
        report(stuck.job, End::kStuck, {});
    }
}

void Pool::refuse_all() {
    while (!waiting_.empty()) {
        const Job job = std::move(waiting_.front());
        waiting_.pop_front();
        (void)listener_.ended(job, End::kNotBegun, {});
    }
}

}  // namespace binding
