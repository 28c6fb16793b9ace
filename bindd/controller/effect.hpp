// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "bindd/controller/job.hpp"
#include "bindd/controller/log_entry.hpp"
#include "binding/codec/messages.hpp"
#include "policy/model/diagnostic.hpp"

/// What step() asks its caller to do, in order. Jobs are named by number: one may be forgotten by
/// the time its effect runs.
namespace bindd {

using Time = std::chrono::steady_clock::time_point;
using RequestId = std::uint64_t;
/// That of RecoverInterrupted, whose replies are notices.
inline constexpr RequestId kRecoveryRequest = 0;

/// Sends a request to the executor. Its replies and its end are inputs with the same number.
struct SendRequest {
    RequestId request = 0;
    binding::Message message;
};
/// From now on the event source reports events.
struct StartEvents {};

enum class TimerId { kScan, kJobs, kStartup, kReload };
/// Replaces an earlier time.
struct ArmTimer {
    TimerId timer;
    Time at;
};
struct DisarmTimer {
    TimerId timer;
};

/// The driver_override files to watch: those of the devices that bindd manages.
struct WatchOverrides {
    std::set<std::string> files;
};
/// Without the devices in use, which are kept for the next boot; nothing: those that were kept.
struct WriteUdevRules {
    std::optional<policy::DevicesInUse> in_use;
};
/// Observers are notified of a manual change only after it is on disk.
struct SaveManualState {
    std::string text;
};

enum class NoticeKind { kAppeared, kChanged, kVanished };
struct NotifyDevice {
    NoticeKind kind;
    sysfs::DeviceId device;
};
struct NotifyGroup {
    NoticeKind kind;
    int group;
};
struct NotifyCounts {};
struct NotifyJob {
    JobId job;
};
struct NotifyTransaction {
    JobId job;
    std::size_t index;  ///< in the job's plan
};
struct NotifyJobEnded {
    JobId job;
};
struct NotifyPolicies {
    std::vector<policy::Diagnostic> diagnostics;
};
struct NotifyReady {};
struct AnswerUsage {
    RequestId token = 0;
    base::Result<sysfs::Usage> usage;
};

using Effect =
    std::variant<SendRequest, StartEvents, ArmTimer, DisarmTimer, WatchOverrides, WriteUdevRules,
                 SaveManualState, LogEntry, NotifyDevice, NotifyGroup, NotifyCounts, NotifyJob,
                 NotifyTransaction, NotifyJobEnded, NotifyPolicies, NotifyReady, AnswerUsage>;
using Effects = std::vector<Effect>;

}  // namespace bindd
