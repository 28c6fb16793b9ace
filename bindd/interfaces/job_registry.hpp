// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>

#include "base/clock.hpp"
#include "bindd/interfaces/job_object.hpp"
#include "bindd/loop/controller_runner.hpp"
#include "bindd/loop/event_loop.hpp"

namespace bindd {

/// The objects of the jobs that callers requested. An object stays for a minute after the end of
/// its job; of ended jobs only the newest stay.
class JobRegistry final {
  public:
    JobRegistry(sdbus::IConnection& connection, sd_bus* bus, sd_event* event,
                const ControllerRunner& controller, Requests& requests);

    /// Must come before the caller gets the object's path.
    void show(JobId id);
    void changed(const Job& job);
    void ended(const Job& job);

  private:
    struct Retention {
        JobId id;
        base::Clock::time_point until;
    };
    void expire();
    void drop_oldest();

    sdbus::IConnection& connection_;
    sd_bus* bus_;
    const ControllerRunner& controller_;
    Requests& requests_;
    std::map<JobId, std::unique_ptr<JobObject>> shown_;
    std::deque<Retention> ended_;
    Timer timer_;
};

}  // namespace bindd
