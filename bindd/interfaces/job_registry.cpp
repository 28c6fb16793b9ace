// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/job_registry.hpp"

namespace bindd {
namespace {

constexpr std::chrono::seconds kRetention{60};
/// Each holds an object of sdbus-c++ and a plan of hundreds of lines, and jobs may end faster than
/// they expire.
constexpr std::size_t kMaxEnded = 32;

}  // namespace

JobRegistry::JobRegistry(sdbus::IConnection& connection, sd_bus* bus, sd_event* event,
                         const ControllerRunner& controller, Requests& requests)
    : connection_(connection),
      bus_(bus),
      controller_(controller),
      requests_(requests),
      timer_(event, [this] { expire(); }) {}

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
    ended_.push_back({job.id, base::Clock::now() + kRetention});
    while (ended_.size() > kMaxEnded)
        drop_oldest();
    if (!timer_.armed())
        timer_.arm(kRetention);
}

void JobRegistry::expire() {
    const base::Clock::time_point now = base::Clock::now();
    while (!ended_.empty() && ended_.front().until <= now)
        drop_oldest();
    if (!ended_.empty())
        timer_.arm(std::chrono::ceil<std::chrono::microseconds>(ended_.front().until - now));
}

void JobRegistry::drop_oldest() {
    shown_.erase(ended_.front().id);
    ended_.pop_front();
}

}  // namespace bindd
