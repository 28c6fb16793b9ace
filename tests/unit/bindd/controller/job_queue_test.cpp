// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/job_queue.hpp"

#include <gtest/gtest.h>

namespace bindd {
namespace {

using JobIds = std::vector<JobId>;
using Keys = std::set<std::string>;

/// A queue and its clock, in which jobs come, begin, work and end.
class JobQueueTest : public testing::Test {
  protected:
    JobId add(JobKind kind, JobScope scope) {
        JobRequest request;
        request.kind = kind;
        return jobs_.add(std::move(request), std::move(scope), now_).job.id;
    }
    JobId bind(const Keys& groups) { return add(JobKind::kBind, {.groups = groups}); }
    JobId apply() { return add(JobKind::kApply, {.all = true}); }
    JobId plan(std::uint32_t uid) {
        JobRequest request;
        request.mode = JobMode::kPlanOnly;
        request.requester.uid = uid;
        return jobs_.add(std::move(request), {.all = true}, now_).job.id;
    }
    JobId reconcile() { return add(JobKind::kReconcile, {}); }

    void begin(JobId id) { jobs_.begin(*jobs_.find(id)); }
    void work(JobId id, std::size_t transactions) {
        jobs_.find(id)->job.state = JobState::kWorking;
        jobs_.find(id)->in_flight = transactions;
    }
    void end(JobId id) {
        QueuedJob& queued = *jobs_.find(id);
        queued.in_flight = 0;
        queued.job.state = JobState::kEnded;
        jobs_.retire(id, now_);
    }
    void wait(std::chrono::seconds time) { now_ += time; }
    [[nodiscard]] JobIds kept() const {
        JobIds ids;
        for (JobId id = 1; id <= jobs_.last(); ++id)
            if (jobs_.find(id) != nullptr)
                ids.push_back(id);
        return ids;
    }

    JobQueue jobs_;
    JobQueue::Time now_{};
};

TEST_F(JobQueueTest, LetsRequestsForOtherGroupsBeginSideBySide) {
    bind({"group 1"});
    bind({"group 2", "group 3"});
    bind({"group 4"});
    EXPECT_EQ(jobs_.due({}), (JobIds{1, 2, 3}));
}

TEST_F(JobQueueTest, ServesFirstWhoCameFirst) {
    const JobId first = bind({"group 1"});
    const JobId both = bind({"group 1", "group 2"});
    const JobId last = bind({"group 2"});
    EXPECT_EQ(jobs_.due({}), JobIds{first});
    // The last one's group is free, but the one before it is waiting for that too.
    begin(first);
    EXPECT_EQ(jobs_.due({}), JobIds{});
    end(first);
    EXPECT_EQ(jobs_.due({}), JobIds{both});
    end(both);
    EXPECT_EQ(jobs_.due({}), JobIds{last});
}

TEST_F(JobQueueTest, HasAnApplyAloneAndInItsTurn) {
    const JobId before = bind({"group 1"});
    const JobId all = apply();
    const JobId after = bind({"group 9"});
    EXPECT_EQ(jobs_.due({}), JobIds{before});
    end(before);
    EXPECT_EQ(jobs_.due({}), JobIds{all});
    begin(all);
    EXPECT_EQ(jobs_.due({}), JobIds{});
    end(all);
    EXPECT_EQ(jobs_.due({}), JobIds{after});
}

TEST_F(JobQueueTest, KeepsRequestsFromGroupsAtWork) {
    bind({"group 1"});
    const JobId other = bind({"group 2"});
    EXPECT_EQ(jobs_.due({"group 1"}), JobIds{other});
    end(other);
    end(1);
    apply();
    EXPECT_EQ(jobs_.due({"group 7"}), JobIds{});
    EXPECT_EQ(jobs_.due({}), JobIds{3});
}

TEST_F(JobQueueTest, HasARequestWithoutGroupsWaitForNothingButAnApply) {
    const JobId all = apply();
    const JobId none = bind({});
    EXPECT_EQ(jobs_.due({}), JobIds{all});
    end(all);
    EXPECT_EQ(jobs_.due({"group 1"}), JobIds{none});
}

TEST_F(JobQueueTest, NeitherWaitsWithTheDaemonsOwnJobsNorForThem) {
    const JobId own = reconcile();
    const JobId asked = bind({"group 1"});
    EXPECT_EQ(jobs_.due({}), JobIds{asked});
    work(own, 1);
    EXPECT_EQ(jobs_.due({}), JobIds{asked});
    EXPECT_FALSE(jobs_.is_reserved("group 1"));
    end(asked);
    const JobId all = apply();
    EXPECT_EQ(jobs_.due({}), JobIds{all});
}

TEST_F(JobQueueTest, TakesAGroupFromTheLookToTheLastTransaction) {
    const JobId id = bind({"group 1"});
    EXPECT_FALSE(jobs_.is_reserved("group 1"));
    begin(id);
    EXPECT_TRUE(jobs_.is_reserved("group 1"));
    EXPECT_FALSE(jobs_.is_reserved("group 2"));
    work(id, 1);
    EXPECT_TRUE(jobs_.is_reserved("group 1"));
    work(id, 0);
    EXPECT_FALSE(jobs_.is_reserved("group 1"));
}

TEST_F(JobQueueTest, TakesEveryGroupForAnApply) {
    begin(apply());
    EXPECT_TRUE(jobs_.is_reserved("group 1"));
}

TEST_F(JobQueueTest, PlansBesideEverything) {
    const JobId planned = plan(1000);
    const JobId bound = bind({"group 1"});
    EXPECT_EQ(jobs_.due({}), (JobIds{bound, planned}));
    EXPECT_EQ(jobs_.due({"group 1"}), JobIds{planned});
    begin(planned);
    EXPECT_FALSE(jobs_.is_reserved("group 1"));
    EXPECT_EQ(jobs_.due({}), JobIds{bound});
    begin(bound);
    end(planned);
    const JobId next = plan(1000);
    EXPECT_EQ(jobs_.due({}), JobIds{next}) << "it does not wait for the change ahead of it";
}

TEST_F(JobQueueTest, MakesOnePlanAtATimeAndUsersTakeTurns) {
    const JobId first = plan(1000);
    const JobId second = plan(1000);
    const JobId third = plan(1000);
    const JobId of_other = plan(1001);
    EXPECT_EQ(jobs_.due({}), JobIds{first});
    begin(first);
    EXPECT_EQ(jobs_.due({}), JobIds{});
    end(first);
    EXPECT_EQ(jobs_.due({}), JobIds{of_other});
    begin(of_other);
    end(of_other);
    EXPECT_EQ(jobs_.due({}), JobIds{second});
    begin(second);
    const JobId again_of_other = plan(1001);
    end(second);
    EXPECT_EQ(jobs_.due({}), JobIds{again_of_other});
    begin(again_of_other);
    end(again_of_other);
    EXPECT_EQ(jobs_.due({}), JobIds{third});
}

TEST_F(JobQueueTest, FinishesAJobWhenAllItsGroupsAreQuiet) {
    const JobId id = bind({"group 1", "group 2"});
    const JobId busy = bind({"group 3"});
    Keys loud{"group 2"};
    const auto is_quiet = [&](const std::string& group) { return !loud.contains(group); };
    EXPECT_EQ(jobs_.finished(is_quiet), JobIds{}) << "they wait";
    work(id, 0);
    work(busy, 1);
    jobs_.find(id)->awaiting_scan = {"group 1", "group 2"};
    EXPECT_EQ(jobs_.finished(is_quiet), JobIds{});
    // What has been quiet once is not waited for again.
    loud = {"group 1"};
    EXPECT_EQ(jobs_.finished(is_quiet), JobIds{id});
    end(id);
    EXPECT_EQ(jobs_.finished(is_quiet), JobIds{});
}

TEST_F(JobQueueTest, CancelsOnlyWhatWaits) {
    const JobId id = bind({"group 1"});
    EXPECT_TRUE(jobs_.check_cancel(id));
    begin(id);
    EXPECT_EQ(jobs_.check_cancel(id).error().text(), "job 1: cancel: it has begun");
    EXPECT_EQ(jobs_.check_cancel(id).error().code, base::Code::kBusy);
    EXPECT_EQ(jobs_.check_cancel(7).error().text(), "job 7: cancel: no such job");
    EXPECT_EQ(jobs_.check_cancel(7).error().code, base::Code::kNotFound);
}

TEST_F(JobQueueTest, KeepsWhatHasEndedForAMinute) {
    const JobId id = bind({"group 1"});
    end(id);
    wait(std::chrono::seconds(60));
    const JobId second = bind({"group 1"});
    EXPECT_EQ(kept(), (JobIds{id, second}));
    wait(std::chrono::seconds(1));
    const JobId third = bind({"group 1"});
    EXPECT_EQ(kept(), (JobIds{second, third})) << "one that has not ended is kept for ever";
    EXPECT_EQ(jobs_.find(id), nullptr);
}

TEST_F(JobQueueTest, ForgetsTheDaemonsOwnAtOnceAndGivesNoNumberTwice) {
    end(reconcile());
    EXPECT_EQ(kept(), JobIds{1});
    end(reconcile());
    EXPECT_EQ(kept(), JobIds{2});
}

TEST_F(JobQueueTest, KeepsNoMoreThanSixtyFourOfThoseThatHaveEnded) {
    for (int made = 0; made < 70; ++made)
        end(bind({"group 1"}));
    bind({"group 1"});
    EXPECT_EQ(kept().size(), 65U);
    EXPECT_EQ(kept().front(), 7U) << "the oldest go first";
}

/// Observers are notified of an end one after another, and one of them may ask for something else
/// at once.
TEST_F(JobQueueTest, KeepsAJobWhoseEndIsStillBeingNotified) {
    for (int made = 0; made < 70; ++made)
        end(bind({"group 1"}));
    const JobId id = reconcile();
    jobs_.find(id)->job.state = JobState::kEnded;
    for (int made = 0; made < 70; ++made)
        end(bind({"group 1"}));
    ASSERT_NE(jobs_.find(id), nullptr);
    jobs_.retire(id, now_);
    bind({"group 1"});
    EXPECT_EQ(jobs_.find(id), nullptr);
}

}  // namespace
}  // namespace bindd
