// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <compare>
#include <optional>
#include <set>
#include <string>

#include "policy/plan/plan.hpp"

namespace bindd {

/// The state of one IOMMU group, or of a device that is in none.
///
///               changed                  scanned, work to do
///   settled ───────────────▶ dirty ────────────────────────────▶ working ──┐ changed:
///      ▲ ▲                    │   ▲                                │  │  ▲   │ working dirty
///      │ │ scanned, in sync   │   │ changed                        │  │  └───┘
///      │ └────────────────────┤   │                    done, failed│  │ deadline
///      │   scanned, blocked   ▼   │                                │  ▼
///      └──────────────────── waiting ◀─────────────────────────────┘ stuck ──▶ dirty (returned)
///
/// `changed` is any hint (a uevent, a request, a policy set): it only ever causes a scan.
enum class GroupState {
    kSettled,       ///< as declared at the last scan
    kDirty,         ///< something may have changed: a scan follows
    kWorking,       ///< a transaction is under way
    kWorkingDirty,  ///< a transaction is under way, and something has changed meanwhile
    kWaiting,       ///< not as declared, and not to be changed now: refused, in conflict, failed,
                    ///< drifted, or changed manually
    kStuck,         ///< a write did not return; its worker is abandoned
};
[[nodiscard]] const char* group_state_name(GroupState state);

enum class GroupEvent {
    kChanged,   ///< a uevent, a policy change, a request: scan again
    kInSync,    ///< scanned: nothing to do
    kBlocked,   ///< scanned: not as wanted, and not to be changed now
    kStarted,   ///< a transaction was given to the executor
    kFinished,  ///< it is through, well or not
    kTimedOut,  ///< it did not come back in time
    kReturned,  ///< what was stuck has come back
    kVanished,  ///< no device of it is left
};

enum class GroupAction {
    kNone,
    kScan,  ///< read the group's devices, soon
    kDrop,  ///< drop the group
};

struct GroupStep {
    GroupState state;
    GroupAction action;
    auto operator<=>(const GroupStep&) const = default;
};

/// Total: every event has an answer in every state.
[[nodiscard]] GroupStep next(GroupState state, GroupEvent event);

/// What the controller remembers of one group between scans.
struct GroupStatus {
    GroupState state = GroupState::kSettled;
    unsigned in_flight = 0;       ///< transactions with the executor
    unsigned last_requested = 0;  ///< the number of the last requested scan
    unsigned last_scanned = 0;    ///< the number of the last scan that has ended
    bool was_in_sync = false;     ///< as wanted; only a change outside bindd can alter that
    std::string failed_from;  ///< the start state of the last failed attempt: it is not tried again
                              ///< from there
    unsigned failed_attempts = 0;  ///< in a row
    using Time = std::chrono::steady_clock::time_point;
    std::optional<Time> retry_at;  ///< when an attempt that was interrupted is made again
    bool replugged = false;        ///< a device came or went during the transaction: how that ends
                                   ///< says nothing of the one that is there now
    bool drifted = false;          ///< changed outside bindd, and reported
    bool driver_reloaded = false;  ///< since it was in sync: VFs and mdevs went with the old one
    std::string blocked_reason;    ///< the reason in the device's state; empty: that of the plan
    std::string blocked_note;      ///< its note (binding::DeviceState)
    std::set<sysfs::DeviceId> children_to_scan;  ///< with the next scan of the group itself
    std::string logged_unchanged;  ///< the last refusal or pending change that was logged

    [[nodiscard]] bool is_working() const {
        return state == GroupState::kWorking || state == GroupState::kWorkingDirty;
    }
    /// No scan is outstanding.
    [[nodiscard]] bool is_up_to_date() const { return last_scanned >= last_requested; }
    /// No transaction, unreturned write or outstanding scan of it.
    [[nodiscard]] bool can_be_evaluated() const {
        return !is_working() && state != GroupState::kStuck && is_up_to_date();
    }
    [[nodiscard]] bool has_failed() const { return !failed_from.empty(); }
    /// Not again from the start state that failed, unless the attempt was interrupted and some time
    /// has passed; and only a limited number of times.
    [[nodiscard]] bool should_retry(const policy::Transaction& transaction, Time now) const;
    /// Records the result of a transaction.
    void record_attempt(const policy::Transaction& transaction, Time now);
    /// For a device that was plugged in, and for a request.
    void reset_history() {
        was_in_sync = drifted = driver_reloaded = false;
        forget_failures();
    }
    void forget_failures() {
        failed_from.clear();
        failed_attempts = 0;
        retry_at.reset();
    }
};

}  // namespace bindd
