// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/group_state.hpp"

namespace bindd {
namespace {

constexpr GroupStep stay(GroupState state) {
    return {state, GroupAction::kNone};
}

/// Whatever the group was: something has changed, or what was stuck has come back.
constexpr GroupStep look() {
    return {GroupState::kStirred, GroupAction::kLook};
}

constexpr GroupStep forget() {
    return {GroupState::kSettled, GroupAction::kForget};
}

/// No transaction is under way. One that begins without a look of the group's own was planned by a request
/// for the whole host; an end that comes late is one of a transaction that was given up.
GroupStep at_rest(GroupState state, GroupEvent event) {
    switch (event) {
        case GroupEvent::kChanged:
        case GroupEvent::kLetGo: return look();
        case GroupEvent::kAsWanted: return stay(GroupState::kSettled);
        case GroupEvent::kMustWait: return stay(GroupState::kWaiting);
        case GroupEvent::kBegun: return stay(GroupState::kWorking);
        case GroupEvent::kTimedOut: return stay(GroupState::kStuck);
        case GroupEvent::kEnded: return look();
        case GroupEvent::kVanished: return forget();
    }
    return stay(state);
}

/// What a look finds while a transaction is under way is a moment of it, and means nothing. The group is
/// looked at when it has ended, so its own uevents need no look of theirs.
GroupStep at_work(GroupState state, GroupEvent event) {
    switch (event) {
        case GroupEvent::kChanged: return stay(GroupState::kUpset);
        case GroupEvent::kEnded: return look();
        case GroupEvent::kTimedOut: return stay(GroupState::kStuck);
        case GroupEvent::kAsWanted:
        case GroupEvent::kMustWait:
        case GroupEvent::kBegun:
        case GroupEvent::kLetGo:
        case GroupEvent::kVanished: return stay(state);
    }
    return stay(state);
}

/// Nothing is done to a stuck group, and it is not looked at: reading it could hang as well. A device that
/// vanishes is still being left by the kernel.
GroupStep stuck(GroupEvent event) {
    switch (event) {
        case GroupEvent::kLetGo: return look();
        case GroupEvent::kChanged:
        case GroupEvent::kAsWanted:
        case GroupEvent::kMustWait:
        case GroupEvent::kBegun:
        case GroupEvent::kEnded:
        case GroupEvent::kTimedOut:
        case GroupEvent::kVanished: return stay(GroupState::kStuck);
    }
    return stay(GroupState::kStuck);
}

}  // namespace

GroupStep next(GroupState state, GroupEvent event) {
    switch (state) {
        case GroupState::kSettled:
        case GroupState::kStirred:
        case GroupState::kWaiting: return at_rest(state, event);
        case GroupState::kWorking:
        case GroupState::kUpset: return at_work(state, event);
        case GroupState::kStuck: return stuck(event);
    }
    return stay(state);
}

const char* group_state_name(GroupState state) {
    switch (state) {
        case GroupState::kSettled: return "settled";
        case GroupState::kStirred: return "stirred";
        case GroupState::kWorking: return "working";
        case GroupState::kUpset: return "upset";
        case GroupState::kWaiting: return "waiting";
        case GroupState::kStuck: return "stuck";
    }
    return "settled";
}

}  // namespace bindd
