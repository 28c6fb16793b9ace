// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/group_state.hpp"

namespace bindd {
namespace {

constexpr GroupStep stay(GroupState state) {
    return {state, GroupAction::kNone};
}

/// From any state: something has changed, or a stuck write has returned.
constexpr GroupStep request_scan() {
    return {GroupState::kDirty, GroupAction::kScan};
}

constexpr GroupStep drop() {
    return {GroupState::kSettled, GroupAction::kDrop};
}

/// No transaction is in progress. One that starts without a scan of the group was planned by an
/// apply; one that ends here was given up before.
GroupStep next_when_idle(GroupState state, GroupEvent event) {
    switch (event) {
        case GroupEvent::kChanged:
        case GroupEvent::kReturned:
            return request_scan();
        case GroupEvent::kInSync:
            return stay(GroupState::kSettled);
        case GroupEvent::kBlocked:
            return stay(GroupState::kWaiting);
        case GroupEvent::kStarted:
            return stay(GroupState::kWorking);
        case GroupEvent::kTimedOut:
            return stay(GroupState::kStuck);
        case GroupEvent::kFinished:
            return request_scan();
        case GroupEvent::kVanished:
            return drop();
    }
    return stay(state);
}

/// A scan during a transaction finds an intermediate state, which means nothing. The group is
/// scanned when the transaction has ended, so its own uevents need no scan.
GroupStep next_when_working(GroupState state, GroupEvent event) {
    switch (event) {
        case GroupEvent::kChanged:
            return stay(GroupState::kWorkingDirty);
        case GroupEvent::kFinished:
            return request_scan();
        case GroupEvent::kTimedOut:
            return stay(GroupState::kStuck);
        case GroupEvent::kInSync:
        case GroupEvent::kBlocked:
        case GroupEvent::kStarted:
        case GroupEvent::kReturned:
        case GroupEvent::kVanished:
            return stay(state);
    }
    return stay(state);
}

/// A stuck group is neither changed nor scanned: reading it could hang as well. For a device that
/// vanishes the kernel's unbind has not ended yet.
GroupStep next_when_stuck(GroupEvent event) {
    switch (event) {
        case GroupEvent::kReturned:
            return request_scan();
        case GroupEvent::kChanged:
        case GroupEvent::kInSync:
        case GroupEvent::kBlocked:
        case GroupEvent::kStarted:
        case GroupEvent::kFinished:
        case GroupEvent::kTimedOut:
        case GroupEvent::kVanished:
            return stay(GroupState::kStuck);
    }
    return stay(GroupState::kStuck);
}

}  // namespace

GroupStep next(GroupState state, GroupEvent event) {
    switch (state) {
        case GroupState::kSettled:
        case GroupState::kDirty:
        case GroupState::kWaiting:
            return next_when_idle(state, event);
        case GroupState::kWorking:
        case GroupState::kWorkingDirty:
            return next_when_working(state, event);
        case GroupState::kStuck:
            return next_when_stuck(event);
    }
    return stay(state);
}

const char* group_state_name(GroupState state) {
    switch (state) {
        case GroupState::kSettled:
            return "up-to-date";
        case GroupState::kDirty:
            return "dirty";
        case GroupState::kWorking:
            return "working";
        case GroupState::kWorkingDirty:
            return "working-dirty";
        case GroupState::kWaiting:
            return "waiting";
        case GroupState::kStuck:
            return "stuck";
    }
    return "up-to-date";
}

}  // namespace bindd
