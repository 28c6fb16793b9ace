// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

#include "bindd/bus/inspection.hpp"
#include "bindd/bus/job_submissions.hpp"
#include "bindd/bus/method_options.hpp"

namespace bindd {

/// Method calls that make or remove the VFs or the mdevs of a device. Unlike a bind, which may do a
/// part of what it is asked for, they have one thing to do: when the plan refuses it, so does the
/// call, and there is no job. One that has to wait for another change is a job, and ends as
/// refused.
class ChildRequests {
  public:
    ChildRequests(ControllerRunner& controller, Inspection& inspection, const DevicePaths& paths,
                  JobSubmissions& jobs)
        : controller_(controller), inspection_(inspection), paths_(paths), jobs_(jobs) {}

    void set_vfs(const Caller& caller, const std::string& pf, std::uint32_t count,
                 const MethodOptions& options, BusCallback<JobId> callback);
    struct NewMdev {
        JobId job = 0;
        std::string uuid;  ///< empty: a virtual GPU
    };
    void create_mdev(const Caller& caller, const std::string& parent, std::string type,
                     const MethodOptions& options, BusCallback<NewMdev> callback);
    void remove_mdev(const Caller& caller, const std::string& uuid, const MethodOptions& options,
                     BusCallback<JobId> callback);

  private:
    [[nodiscard]] BusResult<JobRequest> vfs_request(const std::string& pf, std::uint32_t count,
                                                    const MethodOptions& options) const;
    [[nodiscard]] BusResult<JobRequest> create_request(const std::string& parent, std::string type,
                                                       const MethodOptions& options) const;
    [[nodiscard]] BusResult<JobRequest> remove_request(const std::string& uuid,
                                                       const MethodOptions& options) const;
    [[nodiscard]] BusResult<void> check_uuid(const JobRequest& request) const;
    void submit(const Caller& caller, Submission submission, BusCallback<JobId> callback);
    void authorize_and_submit(const Caller& caller, Action action, const std::string& path,
                              BusResult<JobRequest> request, BusCallback<JobId> callback);

    ControllerRunner& controller_;
    Inspection& inspection_;
    const DevicePaths& paths_;
    JobSubmissions& jobs_;
};

}  // namespace bindd
