// SPDX-License-Identifier: LGPL-2.1-or-later
#include <exception>

#include "bindd/interfaces/job_object.hpp"

/// Which jobs are shown, and for how long.
namespace bindd {
namespace {

constexpr std::chrono::seconds kRetention{60};
/// An object of sdbus-c++ and a plan of hundreds of lines each: not to be had by the thousand by
/// asking often.
constexpr std::size_t kMaxEnded = 32;

std::uint64_t microseconds(std::chrono::steady_clock::duration duration) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

}  // namespace

JobRegistry::JobRegistry(sdbus::IConnection& connection, sd_bus* bus, sd_event* event,
                         const ControllerRunner& controller, Requests& requests)
    : connection_(connection), bus_(bus), controller_(controller), requests_(requests) {
    if (sd_event_add_time(event, &timer_, CLOCK_MONOTONIC, 0, 0, on_timer, this) >= 0)
        (void)sd_event_source_set_enabled(timer_, SD_EVENT_OFF);
}

JobRegistry::~JobRegistry() {
    sd_event_source_unref(timer_);
}

void JobRegistry::show(JobId id) {
    const Job* job = controller_.job(id);
    if (job == nullptr || shown_.contains(id))
        return;
    shown_.emplace(id, std::make_unique<JobObject>(connection_, bus_, requests_, *job));
    if (job->ended())
        ended(*job);
}

void JobRegistry::changed(const Job& job) {
    if (const auto shown = shown_.find(job.id); shown != shown_.end() && !job.ended())
        shown->second->update(job);
}

void JobRegistry::ended(const Job& job) {
    const auto shown = shown_.find(job.id);
    if (shown == shown_.end())
        return;
    shown->second->update(job);
    ended_.push_back({job.id, Clock::now() + kRetention});
    while (ended_.size() > kMaxEnded) {
        drop(ended_.front().id);
        ended_.pop_front();
    }
    arm();
}

void JobRegistry::arm() {
    if (timer_ == nullptr || ended_.empty())
        return;
    (void)sd_event_source_set_time(timer_, microseconds(ended_.front().until.time_since_epoch()));
    (void)sd_event_source_set_enabled(timer_, SD_EVENT_ONESHOT);
}

void JobRegistry::expire() {
    while (!ended_.empty() && ended_.front().until <= Clock::now()) {
        drop(ended_.front().id);
        ended_.pop_front();
    }
    arm();
}

void JobRegistry::drop(JobId id) {
    shown_.erase(id);
}

int JobRegistry::on_timer(sd_event_source* /*source*/, std::uint64_t /*now*/, void* userdata) {
    try {
        static_cast<JobRegistry*>(userdata)->expire();
    } catch (const std::exception&) {
        return 0;  // the bus is gone, and the objects with it
    }
    return 0;
}

}  // namespace bindd
