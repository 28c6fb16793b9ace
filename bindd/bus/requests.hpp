// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bindd/bus/child_requests.hpp"
#include "bindd/bus/inspection.hpp"
#include "bindd/bus/job_submissions.hpp"
#include "bindd/bus/method_options.hpp"
#include "bindd/loop/controller_runner.hpp"

namespace bindd {

/// What callers request, through whichever interface.
class Requests : base::NonCopyable {
  public:
    Requests(ControllerRunner& controller, Authority& authority, Inspection& inspection,
             const DevicePaths& paths)
        : controller_(controller),
          authority_(authority),
          inspection_(inspection),
          paths_(paths),
          jobs_(controller, authority, paths),
          children_(controller, inspection, paths, jobs_) {}

    [[nodiscard]] ChildRequests& children() { return children_; }

    void bind(const Caller& caller, const Paths& paths, const MethodOptions& options,
              BusCallback<JobId> callback);
    void release(const Caller& caller, const Paths& paths, const MethodOptions& options,
                 BusCallback<JobId> callback);
    void apply(const Caller& caller, const MethodOptions& options, BusCallback<JobId> callback);
    void rollback(const Caller& caller, std::string txn, const MethodOptions& options,
                  BusCallback<JobId> callback);
    void cancel(const Caller& caller, JobId id, BusCallback<void> callback);
    void reload(const Caller& caller, BusCallback<void> callback);
    /// These need no authorisation; what they show depends on it.
    void plan(const Caller& caller, MethodOptions options, BusCallback<std::string> callback);
    void explain(const Caller& caller, const sysfs::DeviceId& id,
                 BusCallback<std::string> callback);
    void open(const Caller& caller, const std::string& path, const MethodOptions& options,
              BusCallback<OpenedDevice> callback);
    /// Devices bound for a lease, which keeps the token.
    struct Claimed {
        AuthorizedCaller authorized;
        std::vector<sysfs::DeviceId> devices;
        std::vector<sysfs::DeviceId> taken;  ///< not managed before: its end releases these
    };
    /// An error prevents the request.
    using Precondition = std::function<BusResult<void>(const std::vector<sysfs::DeviceId>&)>;
    void claim(const Caller& caller, const Paths& paths, const MethodOptions& options,
               Precondition may, BusCallback<Claimed> callback);
    /// `notified` is called for every job before its caller gets the path.
    void on_job_created(std::function<void(JobId)> notified) {
        jobs_.on_job_created(std::move(notified));
    }
    /// `may` is called before each release.
    void on_release(Precondition may) { check_release_ = std::move(may); }

  private:
    [[nodiscard]] BusResult<std::vector<sysfs::DeviceId>> devices(const Paths& paths) const;
    [[nodiscard]] BusCallback<Submission> submit_when_authorized(Precondition may,
                                                                 BusCallback<JobId> callback);
    [[nodiscard]] BusResult<void> cancel_job(const Requester& requester, JobId id);
    [[nodiscard]] BusResult<ControllerRunner::OpenRequest> open_request(
        const std::string& path, const MethodOptions& options) const;
    [[nodiscard]] BusResult<JobRequest> with_devices(BusResult<JobRequest> request,
                                                     const Paths& paths) const;
    void execute_claim(const Caller& caller, Submission submission, BusCallback<Claimed> callback);
    static void add_taken_along(const policy::Plan& plan, Claimed& claimed);
    void release_claimed(const Claimed& claimed);
    [[nodiscard]] std::vector<sysfs::DeviceId> unmanaged_devices(
        const std::vector<sysfs::DeviceId>& devices) const;

    ControllerRunner& controller_;
    Authority& authority_;
    Inspection& inspection_;
    const DevicePaths& paths_;
    JobSubmissions jobs_;
    ChildRequests children_;
    Precondition check_release_ = [](const std::vector<sysfs::DeviceId>&) {
        return BusResult<void>();
    };
};

}  // namespace bindd
