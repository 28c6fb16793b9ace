// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bindd/bus/reply.hpp"
#include "bindd/job_adaptor.hpp"
#include "bindd/loop/controller_runner.hpp"

namespace bindd {

class Requests;

/// One job, as org.bindd1.Job. Knows how it ended by itself, since the controller may forget it
/// sooner.
class JobObject final : public sdbus::AdaptorInterfaces<org::bindd1::Job_adaptor> {
  public:
    JobObject(sdbus::IConnection& connection, sd_bus* bus, Requests& requests, const Job& job);
    JobObject(const JobObject&) = delete;
    JobObject& operator=(const JobObject&) = delete;
    ~JobObject();

    /// As it stands now; tells what is different.
    void update(const Job& job);

  private:
    using Text = std::string;
    using JobStrings = std::vector<std::string>;

    void Cancel(sdbus::Result<>&& result) override;
    void Lines(sdbus::Result<JobStrings>&& result) override;
    uint64_t Id() override { return id_; }
    Text Kind() override;
    Text Actor() override;
    JobStrings Devices() override;
    Text State() override;
    sdbus::Struct<uint32_t, uint32_t, Text> Progress() override;
    Text Ending() override;
    Text Result() override;
    JobStrings Warnings() override;
    sdbus::Struct<Text, Text> Error() override;

    sd_bus* bus_;
    Requests& requests_;
    JobId id_;
    const char* kind_;
    Text actor_;
    JobStrings devices_;
    const char* state_ = "";
    binding::Progress progress_;
    const char* ending_ = "";
    Text result_;
    JobStrings lines_;
    JobStrings warnings_;
    const char* error_name_ = "";
    Text error_;
};

/// The jobs that somebody asked for. One stays for a minute after its end, the newest few of them.
class JobRegistry final {
  public:
    JobRegistry(sdbus::IConnection& connection, sd_bus* bus, sd_event* event,
                const ControllerRunner& controller, Requests& requests);
    JobRegistry(const JobRegistry&) = delete;
    JobRegistry& operator=(const JobRegistry&) = delete;
    JobRegistry(JobRegistry&&) = delete;
    JobRegistry& operator=(JobRegistry&&) = delete;
    ~JobRegistry();

    /// Before anyone is told of its path.
    void show(JobId id);
    void changed(const Job& job);
    void ended(const Job& job);

  private:
    using Clock = std::chrono::steady_clock;
    struct Retention {
        JobId id;
        Clock::time_point until;
    };
    static int on_timer(sd_event_source* source, std::uint64_t now, void* userdata);
    void expire();
    void arm();
    void drop(JobId id);

    sdbus::IConnection& connection_;
    sd_bus* bus_;
    const ControllerRunner& controller_;
    Requests& requests_;
    sd_event_source* timer_ = nullptr;
    std::map<JobId, std::unique_ptr<JobObject>> shown_;
    std::deque<Retention> ended_;
};

}  // namespace bindd
