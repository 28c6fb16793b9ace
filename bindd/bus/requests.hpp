// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bindd/bus/authority.hpp"
#include "bindd/bus/method_options.hpp"
#include "bindd/controller/observer.hpp"
#include "bindd/loop/controller_runner.hpp"

namespace bindd {

/// What callers request, through whichever interface. Each request is counted and authorised first,
/// with the devices' attributes as details. Only then are its arguments checked, and the devices
/// looked up again, since an authorisation may take minutes. Then it is the controller's.
class Requests final : public Observer {
  public:
    Requests(ControllerRunner& controller, Authority& authority, const DevicePaths& paths);
    ~Requests() override;

    void bind(const Caller& caller, Paths paths, MethodOptions options,
              BusCallback<JobId> callback);
    void release(const Caller& caller, Paths paths, MethodOptions options,
                 BusCallback<JobId> callback);
    void apply(const Caller& caller, MethodOptions options, BusCallback<JobId> callback);
    void rollback(const Caller& caller, std::string txn, MethodOptions options,
                  BusCallback<JobId> callback);
    void cancel(const Caller& caller, JobId id, BusCallback<void> callback);
    void reload(const Caller& caller, BusCallback<void> callback);
    /// Needs no authorisation.
    void plan(const Caller& caller, MethodOptions options, BusCallback<std::string> callback);
    void open(const Caller& caller, std::string path, MethodOptions options,
              BusCallback<OpenedDevice> callback);
    /// Devices bound for a lease, which keeps the token.
    struct Claimed {
        AuthorizedCaller authorized;
        std::vector<sysfs::DeviceId> devices;
        std::vector<sysfs::DeviceId> taken;  ///< not managed before: its end releases these
    };
    /// An error prevents the request.
    using Precondition = std::function<BusResult<void>(const std::vector<sysfs::DeviceId>&)>;
    void claim(const Caller& caller, Paths paths, MethodOptions options, Precondition may,
               BusCallback<Claimed> callback);
    /// `notified` is called for every job before its caller gets the path.
    void on_job_created(std::function<void(JobId)> notified) {
        on_job_created_ = std::move(notified);
    }
    /// `may` is called before each release.
    void on_release(Precondition may) { check_release_ = std::move(may); }

    void job_ended(const Job& job) override;

  private:
    using JobEndHandler = std::function<void(const Job&)>;
    [[nodiscard]] std::vector<Details> details(const Paths& paths) const;
    [[nodiscard]] BusResult<std::vector<sysfs::DeviceId>> devices(const Paths& paths) const;
    using MakeRequest = std::function<BusResult<JobRequest>()>;
    [[nodiscard]] BusCallback<AuthorizedCaller> submit_when_authorized(MakeRequest make,
                                                                       BusCallback<JobId> callback);
    [[nodiscard]] BusResult<void> cancel_job(const Requester& requester, JobId id);
    [[nodiscard]] BusResult<ControllerRunner::OpenRequest> open_request(
        const std::string& path, const MethodOptions& options) const;
    [[nodiscard]] BusResult<JobRequest> claim_request(const Paths& paths,
                                                      const MethodOptions& options,
                                                      const Precondition& may) const;
    /// Checks kBind, and kForce if the options force something.
    void check_bind(const Caller& caller, const Paths& paths, const MethodOptions& options,
                    BusCallback<AuthorizedCaller> callback);
    void submit(JobRequest request, AuthorizedCaller authorized, const BusCallback<JobId>& callback,
                JobEndHandler ended = {});
    static void add_taken_along(const policy::Plan& plan, Claimed& claimed);
    void release_claimed(const Claimed& claimed);
    [[nodiscard]] std::vector<sysfs::DeviceId> unmanaged_devices(
        const std::vector<sysfs::DeviceId>& devices) const;

    ControllerRunner& controller_;
    Authority& authority_;
    const DevicePaths& paths_;
    struct RunningRequest {
        RequestToken token;
        JobEndHandler ended;
    };
    std::map<JobId, RunningRequest> running_;
    std::function<void(JobId)> on_job_created_ = [](JobId) {};
    Precondition check_release_ = [](const std::vector<sysfs::DeviceId>&) {
        return BusResult<void>();
    };
};

}  // namespace bindd
