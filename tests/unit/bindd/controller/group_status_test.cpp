// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/group_status.hpp"

#include <gtest/gtest.h>

namespace bindd {
namespace {

using policy::StepResult;

policy::Transaction ended(const std::string& from_driver, StepResult result) {
    policy::Transaction transaction{.group = 15,
                                    .verdict = policy::Verdict::kChange,
                                    .devices = {},
                                    .changes = {},
                                    .steps = {},
                                    .reasons = {},
                                    .notes = {},
                                    .result = result,
                                    .error = {}};
    policy::Change change;
    change.target.id = {"pci", "0000:01:00.0"};
    change.from_driver = from_driver;
    transaction.changes.push_back(std::move(change));
    return transaction;
}

TEST(GroupStatus, TriesNotTwiceFromWhereItFailed) {
    GroupStatus status;
    EXPECT_TRUE(status.should_retry(ended("nouveau", StepResult::kFailed)));
    status.record_attempt(ended("nouveau", StepResult::kFailed));
    EXPECT_TRUE(status.has_failed());
    EXPECT_FALSE(status.should_retry(ended("nouveau", StepResult::kFailed)));
    EXPECT_TRUE(status.should_retry(ended("nvidia", StepResult::kFailed)));
}

TEST(GroupStatus, TriesNotForEverFromWherever) {
    GroupStatus status;
    for (int tried = 0; tried < 5; ++tried) {
        EXPECT_TRUE(status.should_retry(ended(std::to_string(tried), StepResult::kFailed)));
        status.record_attempt(ended(std::to_string(tried), StepResult::kFailed));
    }
    EXPECT_FALSE(status.should_retry(ended("nvidia", StepResult::kFailed)));
    status.reset_history();
    EXPECT_TRUE(status.should_retry(ended("nvidia", StepResult::kFailed)));
}

TEST(GroupStatus, ForgetsItsFailuresWithASuccess) {
    GroupStatus status;
    for (int tried = 0; tried < 4; ++tried)
        status.record_attempt(ended(std::to_string(tried), StepResult::kRolledBack));
    status.was_in_sync = true;
    status.record_attempt(ended("nouveau", StepResult::kDone));
    EXPECT_FALSE(status.has_failed());
    EXPECT_FALSE(status.was_in_sync) << "it is to be looked at first";
    status.record_attempt(ended("a", StepResult::kFailed));
    EXPECT_TRUE(status.should_retry(ended("b", StepResult::kFailed)));
}

}  // namespace
}  // namespace bindd
