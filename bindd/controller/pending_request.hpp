// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "bindd/controller/effect.hpp"
#include "bindd/controller/view.hpp"
#include "binding/transaction/release_plan.hpp"

/// Why a request was sent to the executor: what its answer continues.
namespace bindd {

/// Group key → the number of the latest scan request that a scan answers.
using ScanRequests = std::map<std::string, unsigned>;

struct FullScan {
    ScanRequests requests;
    std::set<sysfs::DeviceId> left_out;  ///< quarantined when the scan began
    unsigned sequence = 0;
    std::optional<JobId> job;  ///< an apply
    View::ScanResult found{};
};
struct PartialScan {
    std::vector<sysfs::DeviceId> devices;
    ScanRequests requests;
    unsigned sequence = 0;
    binding::DriverScan drivers = binding::DriverScan::kSkip;
    std::optional<JobId> job;  ///< a bind, release or rollback
    View::ScanResult found{};
};

struct AssessmentUsage {};
struct JobUsage {
    JobId job = 0;
    binding::ReleaseSelection selection{};  ///< of a release or rollback
};
struct CallerUsage {
    RequestId token = 0;
    std::vector<sysfs::DeviceId> devices;
};
using UsagePurpose = std::variant<AssessmentUsage, JobUsage, CallerUsage>;
struct UsageQuery {
    std::vector<sysfs::DeviceId> devices;
    UsagePurpose purpose;
    sysfs::Usage found{};
};

struct Execution {
    JobId job = 0;
    std::size_t index = 0;  ///< in the job's plan
    binding::TransactionEnded ended{};
};
struct Forgetting {
    sysfs::DeviceId device;
};

/// With what the executor has replied so far.
using Continuation = std::variant<FullScan, PartialScan, UsageQuery, Execution, Forgetting>;
struct PendingRequest {
    Continuation continuation;
    std::optional<base::Error> error{};  ///< of a reply that does not belong to it
};

}  // namespace bindd
