// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/group_track.hpp"

#include <gtest/gtest.h>

namespace bindd {
namespace {

using policy::StepResult;

policy::Transaction ended(const std::string& from_driver, StepResult result) {
    policy::Transaction transaction{.group = 15, .verdict = policy::Verdict::kChange, .devices = {},
                                    .changes = {}, .steps = {}, .reasons = {},
                                    .result = result, .error = {}};
    policy::Change change;
    change.target.id = {"pci", "0000:01:00.0"};
    change.from_driver = from_driver;
    transaction.changes.push_back(std::move(change));
    return transaction;
}

TEST(GroupTrack, TriesNotTwiceFromWhereItFailed) {
    GroupTrack track;
    EXPECT_TRUE(track.is_worth_a_try(ended("nouveau", StepResult::kFailed)));
    track.note_try(ended("nouveau", StepResult::kFailed));
    EXPECT_TRUE(track.has_failed());
    EXPECT_FALSE(track.is_worth_a_try(ended("nouveau", StepResult::kFailed)));
    EXPECT_TRUE(track.is_worth_a_try(ended("nvidia", StepResult::kFailed)));
}

TEST(GroupTrack, TriesNotForEverFromWherever) {
    GroupTrack track;
    for (int tried = 0; tried < 5; ++tried) {
        EXPECT_TRUE(track.is_worth_a_try(ended(std::to_string(tried), StepResult::kFailed)));
        track.note_try(ended(std::to_string(tried), StepResult::kFailed));
    }
    EXPECT_FALSE(track.is_worth_a_try(ended("nvidia", StepResult::kFailed)));
    track.begin_anew();
    EXPECT_TRUE(track.is_worth_a_try(ended("nvidia", StepResult::kFailed)));
}

TEST(GroupTrack, ForgetsItsFailuresWithASuccess) {
    GroupTrack track;
    for (int tried = 0; tried < 4; ++tried)
        track.note_try(ended(std::to_string(tried), StepResult::kRolledBack));
    track.was_wanted = true;
    track.note_try(ended("nouveau", StepResult::kDone));
    EXPECT_FALSE(track.has_failed());
    EXPECT_FALSE(track.was_wanted) << "it is to be looked at first";
    track.note_try(ended("a", StepResult::kFailed));
    EXPECT_TRUE(track.is_worth_a_try(ended("b", StepResult::kFailed)));
}

}  // namespace
}  // namespace bindd
