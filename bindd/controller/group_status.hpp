// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <string>

#include "bindd/controller/group_state.hpp"
#include "policy/plan/plan.hpp"

namespace bindd {

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
    bool drifted = false;          ///< changed outside bindd, and reported
    std::string blocked_reason;    ///< the reason in the device's state; empty: that of the plan
    std::set<sysfs::DeviceId> children_to_scan;  ///< with the next scan of the group itself
    std::string logged_refusal;                  ///< the last refusal that was logged

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
    /// Not again from the start state that failed, and only a limited number of times.
    [[nodiscard]] bool should_retry(const policy::Transaction& transaction) const;
    /// Records the result of a transaction.
    void record_attempt(const policy::Transaction& transaction);
    /// For a device that was plugged in, and for a request.
    void reset_history() {
        was_in_sync = drifted = false;
        failed_from.clear();
        failed_attempts = 0;
    }
};

}  // namespace bindd
