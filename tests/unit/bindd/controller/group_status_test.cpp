// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/group_status.hpp"

#include <gtest/gtest.h>

namespace bindd {
namespace {

using policy::StepResult;
using std::chrono::seconds;

constexpr GroupStatus::Time kNow{std::chrono::hours(1)};

policy::Transaction ended(const std::string& from_driver, StepResult result) {
    policy::Transaction transaction{.group = 15,
                                    .verdict = policy::Verdict::kChange,
                                    .devices = {},
                                    .changes = {},
                                    .steps = {},
                                    .reasons = {},
                                    .notes = {},
                                    .result = result,
                                    .error = {},
                                    .error_code = base::Code::kRefused};
    policy::Change change;
    change.target.id = {"pci", "0000:01:00.0"};
    change.from_driver = from_driver;
    transaction.changes.push_back(std::move(change));
    return transaction;
}

TEST(GroupStatus, TriesNotTwiceFromWhereItFailed) {
    GroupStatus status;
    EXPECT_TRUE(status.should_retry(ended("nouveau", StepResult::kFailed), kNow));
    status.record_attempt(ended("nouveau", StepResult::kFailed), kNow);
    EXPECT_TRUE(status.has_failed());
    EXPECT_FALSE(status.should_retry(ended("nouveau", StepResult::kFailed), kNow));
    EXPECT_TRUE(status.should_retry(ended("nvidia", StepResult::kFailed), kNow));
}

TEST(GroupStatus, TriesNotForEverFromWherever) {
    GroupStatus status;
    for (int tried = 0; tried < 5; ++tried) {
        EXPECT_TRUE(status.should_retry(ended(std::to_string(tried), StepResult::kFailed), kNow));
        status.record_attempt(ended(std::to_string(tried), StepResult::kFailed), kNow);
    }
    EXPECT_FALSE(status.should_retry(ended("nvidia", StepResult::kFailed), kNow));
    status.reset_history();
    EXPECT_TRUE(status.should_retry(ended("nvidia", StepResult::kFailed), kNow));
}

TEST(GroupStatus, ForgetsItsFailuresWithASuccess) {
    GroupStatus status;
    for (int tried = 0; tried < 4; ++tried)
        status.record_attempt(ended(std::to_string(tried), StepResult::kRolledBack), kNow);
    status.was_in_sync = true;
    status.record_attempt(ended("nouveau", StepResult::kDone), kNow);
    EXPECT_FALSE(status.has_failed());
    EXPECT_FALSE(status.was_in_sync) << "it is to be looked at first";
    status.record_attempt(ended("a", StepResult::kFailed), kNow);
    EXPECT_TRUE(status.should_retry(ended("b", StepResult::kFailed), kNow));
}

TEST(GroupStatus, TriesAgainLaterAndNotForEverAfterAnInterruption) {
    GroupStatus status;
    policy::Transaction killed = ended("nouveau", StepResult::kRolledBack);
    killed.error_code.reset();
    GroupStatus::Time now = kNow;
    for (const int delay : {1, 2, 4, 8}) {
        status.record_attempt(killed, now);
        ASSERT_EQ(status.retry_at, now + seconds(delay));
        EXPECT_FALSE(status.should_retry(killed, now));
        now = *status.retry_at;
        EXPECT_TRUE(status.should_retry(killed, now));
    }
    status.record_attempt(killed, now);
    EXPECT_FALSE(status.retry_at);
    EXPECT_FALSE(status.should_retry(killed, now + std::chrono::hours(1)));
}

}  // namespace
}  // namespace bindd
