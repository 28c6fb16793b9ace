// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/group_state.hpp"

namespace bindd {
namespace {

constexpr GroupStep stay(GroupState state) {
    return {state, GroupAction::kNone};
}

/// Whatever the group was: something has changed, or what was stuck has come back.
constexpr GroupStep request_scan() {
    return {GroupState::kDirty, GroupAction::kScan};
}

constexpr GroupStep drop() {
    return {GroupState::kSettled, GroupAction::kDrop};
}

/// No transaction is under way. One that begins without a look of the group's own was planned by a
/// request for the whole host; an end that comes late is one of a transaction that was given up.
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

/// What a look finds while a transaction is under way is a moment of it, and means nothing. The
/// group is looked at when it has ended, so its own uevents need no look of theirs.
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

/// Nothing is done to a stuck group, and it is not looked at: reading it could hang as well. A
/// device that vanishes is still being left by the kernel.
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
