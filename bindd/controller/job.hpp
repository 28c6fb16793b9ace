// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "bindd/controller/authorization.hpp"
#include "binding/transaction/apply.hpp"
#include "policy/plan/bind_rule.hpp"
#include "policy/plan/plan.hpp"

namespace bindd {

/// The caller, for the history and the log: "bindd (uid 1000, :1.42)".
struct Requester {
    std::optional<std::uint32_t> uid;  ///< absent: the daemon itself (an event, the start)
    std::string description;           ///< a bus name, "hotplug", "start", ...

    [[nodiscard]] std::string actor() const;
};

enum class JobKind {
    kReconcile,  ///< the daemon's own: an event, the start, a policy change
    kApply,
    kBind,
    kRelease,
    kRollback,
    kSetVfs,
    kCreateMdev,
    kRemoveMdev,
};
/// As the history calls what vfioctl does without the daemon.
[[nodiscard]] const char* job_kind_name(JobKind kind);
/// Does it change the VFs or the mdevs of one device, whose driver stays?
[[nodiscard]] bool is_of_children(JobKind kind);

/// Execute the plan, or only make it (`--dry-run`).
enum class JobMode { kExecute, kPlanOnly };

/// A request. It takes the same steps as an event: scan, decide, plan, execute.
struct JobRequest {
    JobKind kind = JobKind::kApply;
    JobMode mode = JobMode::kExecute;
    std::vector<sysfs::DeviceId> devices{};  ///< for apply: none means all; of the VFs or mdevs
                                             ///< that are to change: the PF or the parent
    policy::BindOptions bind_options{};      ///< of bind; else what is forced
    std::uint32_t vfs = 0;                   ///< of kSetVfs
    policy::MdevSpec mdev{};  ///< of kCreateMdev and kRemoveMdev; without uuid: a virtual GPU
    std::string txn{};        ///< of rollback; empty: the newest
    std::chrono::milliseconds timeout{60'000};  ///< per kernel write; past it the device is stuck
    Requester requester{};
    std::optional<Questions> answered{};  ///< by polkit; absent: everything is allowed
};

enum class JobState { kWaiting, kLooking, kWorking, kEnded };
[[nodiscard]] const char* job_state_name(JobState state);

/// How a job ended: vfioctl's exit statuses.
enum class Ending {
    kDone = 0,  ///< done, or nothing to do
    kFailed = 1,
    kRefused = 3,  ///< a safety check, a policy or a conflict said no; nothing was changed
    kPartly = 4,
    kNoDevice = 5,
    kStuck = 6,  ///< a device is stuck in the kernel
};
[[nodiscard]] const char* ending_name(Ending ending);
/// From the results and verdicts of a plan.
[[nodiscard]] Ending job_ending(const policy::Plan& plan, JobMode mode);

using JobId = std::uint64_t;

/// Claimed devices, and what for.
using Claims = std::map<sysfs::DeviceId, std::string>;

/// One request, until some time after its end.
struct Job {
    JobId id = 0;
    JobRequest request;
    JobState state = JobState::kWaiting;
    binding::Progress progress;
    policy::Plan plan;  ///< with results, once ended
    std::vector<std::string> warnings;
    std::optional<Ending> ending;      ///< once ended
    std::optional<base::Error> error;  ///< of the whole: no such device, the lock is another's, ...

    [[nodiscard]] bool ended() const { return state == JobState::kEnded; }
};

}  // namespace bindd
