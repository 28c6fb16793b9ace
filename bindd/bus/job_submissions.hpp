// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>

#include "bindd/bus/authority.hpp"
#include "bindd/controller/observer.hpp"
#include "bindd/loop/controller_runner.hpp"

namespace bindd {

/// A request and its caller, who may do all of it.
struct Submission {
    JobRequest request;
    AuthorizedCaller authorized;
};

/// Authorises what becomes a job, and follows it to its end. A request is counted and planned, and
/// polkit is asked of every device of the plan. Only then the caller learns what is wrong with its
/// arguments. Nothing is reserved while polkit is asked, which may take minutes; what is executed
/// afterwards is planned again (check_answered()).
class JobSubmissions final : public Observer {
  public:
    JobSubmissions(ControllerRunner& controller, Authority& authority, const DevicePaths& paths);
    ~JobSubmissions() override;

    /// Asks nothing of uid 0. For a request that cannot be made, its error, polkit is asked for
    /// `action` on the devices that the caller names.
    void authorize(const Caller& caller, Action action, const Paths& named,
                   BusResult<JobRequest> request, BusCallback<Submission> callback);
    [[nodiscard]] Questions named_questions(Action action, const Paths& named) const;

    using JobEndHandler = std::function<void(const Job&)>;
    void submit(JobRequest request, AuthorizedCaller authorized, const BusCallback<JobId>& callback,
                JobEndHandler ended = {});
    /// `notified` is called for every job before its caller gets the path.
    void on_job_created(std::function<void(JobId)> notified) {
        on_job_created_ = std::move(notified);
    }

    void job_ended(const Job& job) override;

  private:
    void ask_of_plan(const Caller& caller, Submission submission,
                     std::function<void(const BusError&)> refuse, BusCallback<Submission> callback);

    ControllerRunner& controller_;
    Authority& authority_;
    const DevicePaths& paths_;
    struct RunningJob {
        RequestToken token;
        JobEndHandler ended;
    };
    std::map<JobId, RunningJob> running_;
    std::function<void(JobId)> on_job_created_ = [](JobId) {};
};

}  // namespace bindd
