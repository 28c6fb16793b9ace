// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "bindd/group_state.hpp"
#include "policy/plan.hpp"

namespace bindd {

/// What the keeper remembers of one group from look to look.
struct GroupTrack {
    GroupState state = GroupState::kSettled;
    unsigned under_way = 0;   ///< transactions with the executor
    unsigned stirs = 0;       ///< the number of the last look that was called for, and
    unsigned seen = 0;        ///< up to which of them it has been looked at
    bool was_wanted = false;  ///< it stood as wanted, and nothing but a hand can have changed that
    std::string tried;        ///< how it stood when the last try failed: as it stands so, no other is made
    unsigned tries = 0;       ///< that failed
    bool drifted = false;     ///< someone changed it by hand; reported
    std::string why;          ///< why it waits, for the device's state; empty: the plan says
    std::string told;         ///< the refusal that the journal has already

    [[nodiscard]] bool at_work() const {
        return state == GroupState::kWorking || state == GroupState::kUpset;
    }
    /// Nothing that came is still to be looked at.
    [[nodiscard]] bool is_fresh() const { return seen >= stirs; }
    [[nodiscard]] bool has_failed() const { return !tried.empty(); }
    /// Not again from where the last try failed, and not for ever from anywhere.
    [[nodiscard]] bool is_worth_a_try(const policy::Transaction& transaction) const;
    /// How a try has ended.
    void note_try(const policy::Transaction& transaction);
    /// What has been is no longer held against it: it was plugged, or someone asked anew.
    void begin_anew() {
        was_wanted = drifted = false;
        tried.clear();
        tries = 0;
    }
};

}  // namespace bindd
