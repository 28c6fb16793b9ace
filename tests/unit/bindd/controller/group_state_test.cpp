// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/group_status.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace bindd {
namespace {

constexpr std::array kStates{GroupState::kSettled,      GroupState::kDirty,   GroupState::kWorking,
                             GroupState::kWorkingDirty, GroupState::kWaiting, GroupState::kStuck};
constexpr std::array kEvents{GroupEvent::kChanged,  GroupEvent::kInSync,   GroupEvent::kBlocked,
                             GroupEvent::kStarted,  GroupEvent::kFinished, GroupEvent::kTimedOut,
                             GroupEvent::kReturned, GroupEvent::kVanished};
constexpr std::array kEventNames{"changed", "as wanted", "must wait", "begun",
                                 "ended",   "timed out", "let go",    "vanished"};

std::string word(GroupAction action) {
    switch (action) {
        case GroupAction::kNone:
            return "";
        case GroupAction::kScan:
            return " + look";
        case GroupAction::kDrop:
            return " + forget";
    }
    return "?";
}

/// The whole product as a table, as one would draw it.
TEST(GroupState, HasAnAnswerForEveryEventInEveryState) {
    std::string table;
    for (const GroupState state : kStates)
        for (std::size_t at = 0; at < kEvents.size(); ++at) {
            const GroupStep step = next(state, kEvents[at]);
            table += std::string(group_state_name(state)) + ", " + kEventNames[at] + " -> " +
                     group_state_name(step.state) + word(step.action) + "\n";
        }
    EXPECT_EQ(table,
              "up-to-date, changed -> dirty + look\n"
              "up-to-date, as wanted -> up-to-date\n"
              "up-to-date, must wait -> waiting\n"
              "up-to-date, begun -> working\n"
              "up-to-date, ended -> dirty + look\n"
              "up-to-date, timed out -> stuck\n"
              "up-to-date, let go -> dirty + look\n"
              "up-to-date, vanished -> up-to-date + forget\n"
              "dirty, changed -> dirty + look\n"
              "dirty, as wanted -> up-to-date\n"
              "dirty, must wait -> waiting\n"
              "dirty, begun -> working\n"
              "dirty, ended -> dirty + look\n"
              "dirty, timed out -> stuck\n"
              "dirty, let go -> dirty + look\n"
              "dirty, vanished -> up-to-date + forget\n"
              "working, changed -> working-dirty\n"
              "working, as wanted -> working\n"
              "working, must wait -> working\n"
              "working, begun -> working\n"
              "working, ended -> dirty + look\n"
              "working, timed out -> stuck\n"
              "working, let go -> working\n"
              "working, vanished -> working\n"
              "working-dirty, changed -> working-dirty\n"
              "working-dirty, as wanted -> working-dirty\n"
              "working-dirty, must wait -> working-dirty\n"
              "working-dirty, begun -> working-dirty\n"
              "working-dirty, ended -> dirty + look\n"
              "working-dirty, timed out -> stuck\n"
              "working-dirty, let go -> working-dirty\n"
              "working-dirty, vanished -> working-dirty\n"
              "waiting, changed -> dirty + look\n"
              "waiting, as wanted -> up-to-date\n"
              "waiting, must wait -> waiting\n"
              "waiting, begun -> working\n"
              "waiting, ended -> dirty + look\n"
              "waiting, timed out -> stuck\n"
              "waiting, let go -> dirty + look\n"
              "waiting, vanished -> up-to-date + forget\n"
              "stuck, changed -> stuck\n"
              "stuck, as wanted -> stuck\n"
              "stuck, must wait -> stuck\n"
              "stuck, begun -> stuck\n"
              "stuck, ended -> stuck\n"
              "stuck, timed out -> stuck\n"
              "stuck, let go -> dirty + look\n"
              "stuck, vanished -> stuck\n");
}

/// Whatever happened, a change is looked at in the end: no state swallows it for good.
TEST(GroupState, LooksAfterEveryChangeSoonerOrLater) {
    for (const GroupState state : kStates) {
        GroupStep step = next(state, GroupEvent::kChanged);
        if (step.state == GroupState::kWorkingDirty)
            step = next(step.state, GroupEvent::kFinished);
        if (step.state == GroupState::kStuck)
            step = next(step.state, GroupEvent::kReturned);
        EXPECT_EQ(step.action, GroupAction::kScan) << group_state_name(state);
    }
}

}  // namespace
}  // namespace bindd
