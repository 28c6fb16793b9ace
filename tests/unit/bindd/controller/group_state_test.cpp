// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/group_state.hpp"

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
              "settled, changed -> stirred + look\n"
              "settled, as wanted -> settled\n"
              "settled, must wait -> waiting\n"
              "settled, begun -> working\n"
              "settled, ended -> stirred + look\n"
              "settled, timed out -> stuck\n"
              "settled, let go -> stirred + look\n"
              "settled, vanished -> settled + forget\n"
              "stirred, changed -> stirred + look\n"
              "stirred, as wanted -> settled\n"
              "stirred, must wait -> waiting\n"
              "stirred, begun -> working\n"
              "stirred, ended -> stirred + look\n"
              "stirred, timed out -> stuck\n"
              "stirred, let go -> stirred + look\n"
              "stirred, vanished -> settled + forget\n"
              "working, changed -> upset\n"
              "working, as wanted -> working\n"
              "working, must wait -> working\n"
              "working, begun -> working\n"
              "working, ended -> stirred + look\n"
              "working, timed out -> stuck\n"
              "working, let go -> working\n"
              "working, vanished -> working\n"
              "upset, changed -> upset\n"
              "upset, as wanted -> upset\n"
              "upset, must wait -> upset\n"
              "upset, begun -> upset\n"
              "upset, ended -> stirred + look\n"
              "upset, timed out -> stuck\n"
              "upset, let go -> upset\n"
              "upset, vanished -> upset\n"
              "waiting, changed -> stirred + look\n"
              "waiting, as wanted -> settled\n"
              "waiting, must wait -> waiting\n"
              "waiting, begun -> working\n"
              "waiting, ended -> stirred + look\n"
              "waiting, timed out -> stuck\n"
              "waiting, let go -> stirred + look\n"
              "waiting, vanished -> settled + forget\n"
              "stuck, changed -> stuck\n"
              "stuck, as wanted -> stuck\n"
              "stuck, must wait -> stuck\n"
              "stuck, begun -> stuck\n"
              "stuck, ended -> stuck\n"
              "stuck, timed out -> stuck\n"
              "stuck, let go -> stirred + look\n"
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
