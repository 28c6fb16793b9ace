// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bindd/controller/effect.hpp"
#include "bindd/controller/host_event.hpp"
#include "bindd/controller/job_queue.hpp"
#include "bindd/controller/view.hpp"

/// What happens to the controller. Inputs after which the journal may differ carry it, as it was
/// read just before step().
namespace bindd {

using JournalReading = base::Result<binding::JournalState>;

/// The policy files as of one moment.
struct LoadedPolicies {
    std::vector<policy::SourceFile> sources;
    policy::Parsed parsed;

    [[nodiscard]] bool ok() const { return parsed.ok(); }
};

struct Started {
    LoadedPolicies policies;
    std::string manual_state;  ///< the file that SaveManualState wrote
    binding::LatestHistory latest;
    JournalReading journal;
    LoadedPolicies last_valid =
        {};  ///< where `policies` are invalid, the set that an earlier run saved
};
enum class ReloadCause { kFilesChanged, kRequest };
struct PoliciesRead {
    LoadedPolicies policies;
    ReloadCause cause = ReloadCause::kRequest;
};
struct PolicyFilesChanged {};
/// A driver_override file was written, by bindd or by anyone else.
struct OverrideWritten {
    std::string file;
};
struct TimerFired {
    TimerId timer;
};
struct ManualStateNotSaved {
    base::Error error;
};

/// The list of devices in use, or udev's rules.
struct UdevRulesNotWritten {
    base::Error error;
};

/// A message of the executor was not understood.
struct ProtocolViolated {
    base::Error error;
};

/// A reply before the last.
struct ReplyReceived {
    RequestId request = 0;
    binding::Message reply;
};
/// After the last reply.
struct RequestEnded {
    RequestId request = 0;
    base::Result<void> result;
    JournalReading journal;
};
/// What the executor sends without a request.
struct NoticeReceived {
    binding::Message notice;
    JournalReading journal;
};

/// `scope` is that of job_scope().
struct JobSubmitted {
    JobRequest request;
    JobScope scope;
};
/// Allowed by JobQueue::check_cancel().
struct JobCancelled {
    JobId job = 0;
};
/// All observers were notified of the job's end: the job may be forgotten.
struct JobEndNotified {
    JobId job = 0;
};
/// Answered by AnswerUsage with the same token.
struct UsageRequested {
    RequestId token = 0;
    std::vector<sysfs::DeviceId> devices;
};
/// The devices that are claimed now (Leases).
struct ClaimsChanged {
    Claims claims;
};

using Input = std::variant<Started, HostEvent, PoliciesRead, PolicyFilesChanged, OverrideWritten,
                           TimerFired, ManualStateNotSaved, UdevRulesNotWritten, ProtocolViolated,
                           ReplyReceived, RequestEnded, NoticeReceived, JobSubmitted, JobCancelled,
                           JobEndNotified, UsageRequested, ClaimsChanged>;

}  // namespace bindd
