// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "bindd/controller/group_status.hpp"
#include "bindd/controller/job_queue.hpp"
#include "bindd/controller/manual_state.hpp"
#include "bindd/controller/pending_request.hpp"
#include "bindd/controller/quarantined_devices.hpp"
#include "bindd/controller/scan_schedule.hpp"
#include "bindd/controller/view.hpp"
#include "policy/plan/devices_in_use.hpp"

namespace bindd {

/// Units waiting for the boot do not wait forever: kUndoLate follows after a short time, kReady at
/// the latest when the second timeout has passed.
enum class StartupPhase {
    kWaiting,   ///< for scans, transactions and rollbacks
    kUndoLate,  ///< no longer for rollbacks
    kReady,     ///< the first reconciliation is complete
};

/// Whether the daemon itself applies what the policies ask for: at its start, on events, after an
/// edit. In manual mode it reports such changes as pending until a request makes them.
enum class ApplyMode { kAutomatic, kManual };

/// What observers were last notified of: they are notified of devices and groups only when these
/// differ from it.
struct PublishedState {
    std::map<sysfs::DeviceId, std::string> devices;  ///< → state, reason and decision
    std::set<int> groups;
    std::set<sysfs::DeviceId> changed;  ///< in more than their state shows
};

/// The scan of the whole host, until the groups have been evaluated with what it found.
struct HostScan {
    unsigned sequence = 0;
    std::string request;  ///< what it asks for, as the executor gets it
    bool ended = false;
    bool another_follows = false;  ///< something happened that asks for one more
};

/// Everything the controller knows, between two calls of step(). A value without I/O; it moves but
/// is never copied.
struct ControllerState {
    /// A group is scanned when nothing has happened to it for the first time, or after the second.
    static constexpr std::chrono::milliseconds kQuiet{4};
    static constexpr std::chrono::milliseconds kLongestDelay{50};

    View view;
    std::map<std::string, GroupStatus> groups;  ///< by View::group_key()
    QuarantinedDevices quarantine;
    ManualState manual;
    JobQueue jobs;
    Claims claims;
    std::chrono::milliseconds timeout{60'000};  ///< per kernel write of the daemon's own jobs
    ApplyMode apply_mode = ApplyMode::kAutomatic;

    Coalescer coalescer{kQuiet, kLongestDelay};
    std::optional<Time> scan_timer;  ///< the time for which TimerId::kScan is armed
    ScanSequence scans;
    std::optional<HostScan> host_scan;
    /// A reload was requested: what the next scan finds in the journal was done before it.
    bool take_manual_back = false;
    /// The devices in use as they are kept for the next boot; nothing: not known, for this reason.
    std::optional<policy::DevicesInUse> in_use = policy::DevicesInUse{};
    std::string in_use_error;
    bool in_use_unsaved = false;  ///< they or udev's rules could not be written
    unsigned last_scan_request = 0;
    std::set<sysfs::DeviceId> dirty;            ///< to be scanned
    std::set<sysfs::DeviceId> usage_known;      ///< whose usage is of the last scan
    std::set<sysfs::DeviceId> pending_forgets;  ///< removed, but still in the journal
    bool drivers_stale = true;                  ///< the next scan includes the drivers
    bool scanned = false;                       ///< a full scan has ended
    bool usage_query_pending = false;           ///< of an assessment
    bool assess_again = false;                  ///< once that query has been answered
    bool evaluation_skipped = false;  ///< of a group that a job had reserved: once that has ended

    std::map<RequestId, PendingRequest> pending;
    RequestId last_request = 0;
    PublishedState published;
    std::string last_rejection;  ///< the last message about invalid policies; empty once valid
    StartupPhase startup = StartupPhase::kWaiting;

    [[nodiscard]] bool is_ready() const { return startup == StartupPhase::kReady; }
};

}  // namespace bindd
