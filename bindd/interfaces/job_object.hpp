// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/non_copyable.hpp"
#include "bindd/bus/reply.hpp"
#include "bindd/controller/redaction.hpp"
#include "bindd/job_adaptor.hpp"
#include "bindd/loop/controller_runner.hpp"
#include "bindd/loop/event_loop.hpp"

namespace bindd {

class Inspection;
class Requests;

/// One job, as org.bindd1.Job. It holds a copy of the job's result, since the controller may forget
/// the job sooner.
class JobObject final : public sdbus::AdaptorInterfaces<org::bindd1::Job_adaptor>,
                        base::NonCopyable {
  public:
    JobObject(sdbus::IConnection& connection, sd_bus* bus, Requests& requests,
              Inspection& inspection, const Job& job);
    ~JobObject();

    /// Takes over the job's state and signals the change.
    void update(const Job& job);

  private:
    using Text = std::string;
    using JobStrings = std::vector<std::string>;

    void Cancel(sdbus::Result<>&& result) override;
    void Lines(sdbus::Result<JobStrings>&& result) override;
    uint64_t Id() override { return id_; }
    Text Kind() override { return read_copy<Text>(kind_); }
    Text Actor() override { return read_copy<Text>(actor_); }
    JobStrings Devices() override { return read_copy<JobStrings>(devices_); }
    Text State() override { return read_copy<Text>(state_); }
    sdbus::Struct<uint32_t, uint32_t, Text> Progress() override;
    Text Ending() override { return read_copy<Text>(ending_); }
    Text Result() override { return read_copy<Text>(shown().result); }
    JobStrings Warnings() override { return read_copy<JobStrings>(warnings_); }
    sdbus::Struct<Text, Text> Error() override;

    /// What depends on who reads it.
    struct JobTexts {
        Text result{};
        JobStrings lines{};
        Text error{};
    };
    [[nodiscard]] static JobTexts make_texts(const Job& job, Disclosure disclosure);
    [[nodiscard]] const JobTexts& texts(Disclosure disclosure) const {
        return disclosure == Disclosure::kEverything ? everything_ : codes_;
    }
    [[nodiscard]] const JobTexts& shown() const;

    sd_bus* bus_;
    Requests& requests_;
    Inspection& inspection_;
    JobId id_;
    const char* kind_;
    Text actor_;
    JobStrings devices_;
    const char* state_ = "";
    binding::Progress progress_;
    const char* ending_ = "";
    JobTexts everything_;
    JobTexts codes_;
    JobStrings warnings_;
    const char* error_name_ = "";
};

/// The objects of the jobs that callers requested. An object stays for a minute after the end of
/// its job; of ended jobs only the newest stay.
class JobRegistry final {
  public:
    JobRegistry(sdbus::IConnection& connection, sd_bus* bus, sd_event* event,
                const ControllerRunner& controller, Requests& requests, Inspection& inspection);

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
    Inspection& inspection_;
    std::map<JobId, std::unique_ptr<JobObject>> shown_;
    std::deque<Retention> ended_;
    Timer timer_;
};

}  // namespace bindd
