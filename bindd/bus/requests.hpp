// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bindd/bus/authority.hpp"
#include "bindd/bus/method_options.hpp"
#include "bindd/bus/object_path.hpp"
#include "bindd/controller/observer.hpp"
#include "bindd/loop/controller_runner.hpp"

namespace bindd {

using Paths = std::vector<std::string>;

/// The one road of what callers ask for, whichever interface it came through: counted and
/// authorised first, with what is known of the devices as details; then, and only then, its
/// arguments are looked into, and the devices again, since an authorisation may take minutes; then
/// it is the controller's.
class Requests final : public Observer {
  public:
    Requests(ControllerRunner& controller, Authority& authority, const DevicePaths& paths);
    Requests(const Requests&) = delete;
    Requests& operator=(const Requests&) = delete;
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
    /// Everyone may.
    void plan(const Caller& caller, MethodOptions options, BusCallback<std::string> callback);
    void open(const Caller& caller, std::string path, MethodOptions options,
              BusCallback<OpenedDevice> callback);
    /// Bound, with all that a lease wants to know of it; the token stays with the lease.
    struct Claimed {
        AuthorizedCaller authorized;
        std::vector<sysfs::DeviceId> devices;
        std::vector<sysfs::DeviceId>
            taken;  ///< bound for this claim: those to be released at its end
    };
    /// `may` has the last word before anything is done.
    using Precondition = std::function<BusResult<void>(const std::vector<sysfs::DeviceId>&)>;
    void claim(const Caller& caller, Paths paths, MethodOptions options, Precondition may,
               BusCallback<Claimed> callback);
    /// Told of every job before its path is.
    void on_job_created(std::function<void(JobId)> told) { on_job_created_ = std::move(told); }
    /// Asked before a release: why not, or nothing.
    void on_release(Precondition may) { check_release_ = std::move(may); }

    void job_ended(const Job& job) override;

  private:
    using JobEndHandler = std::function<void(const Job&)>;
    [[nodiscard]] std::vector<Details> details(const Paths& paths) const;
    [[nodiscard]] BusResult<std::vector<sysfs::DeviceId>> devices(const Paths& paths) const;
    /// A request as its options say, for these devices.
    [[nodiscard]] BusResult<JobRequest> with_devices(const Paths& paths,
                                                     BusResult<JobRequest> request) const;
    /// Authorised for `action` and, where the options force something, for that too.
    void check_bind(const Caller& caller, const Paths& paths, const MethodOptions& options,
                    BusCallback<AuthorizedCaller> callback);
    void submit(JobRequest request, AuthorizedCaller authorized, const BusCallback<JobId>& callback,
                JobEndHandler ended = {});
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
