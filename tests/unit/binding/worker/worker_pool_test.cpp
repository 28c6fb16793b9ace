// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/worker/worker_pool.hpp"
#include "base/clock.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace binding {
namespace {

using namespace std::chrono_literals;
using Say = std::function<void(const std::string&)>;

/// The callbacks in their order: "said LINE" and "ended LINE".
class EventLog {
  public:
    [[nodiscard]] WorkerPool::Callbacks listener() {
        return {.on_progress_line =
                    [this](const WorkerJob&, const std::string& line) {
                        lines.push_back("said " + line);
                    },
                .on_ended =
                    [this](const WorkerJob&, JobEnd how, const std::string& line) {
                        lines.push_back((how == JobEnd::kStuck  ? "stuck"
                                         : how == JobEnd::kDied ? "died "
                                                                : "ended ") +
                                        line);
                        return std::vector<WorkerJob>{};
                    },
                .on_worker_abandoned = {}};
    }
    std::vector<std::string> lines;
};

class WorkerPoolProgress : public ::testing::TestWithParam<bool> {
  protected:
    [[nodiscard]] static WorkerJob job(const std::string& request) {
        return {.request = request, .drivers = {}, .progress_wanted = GetParam()};
    }
    EventLog events_;
};
INSTANTIATE_TEST_SUITE_P(OrNot, WorkerPoolProgress, ::testing::Bool());

TEST_P(WorkerPoolProgress, TellsAllThatWasSaidBeforeTheAnswerHoweverMuch) {
    constexpr int kLines = 20000;  // many times what a socket holds
    const std::string rest(100, 'x');
    WorkerPool pool(
        [&](const std::string& request, const Say& say) {
            for (int at = 0; at < kLines; ++at)
                say(std::to_string(at) + rest);
            return request;
        },
        1, 60s, events_.listener());
    pool.run({job("one"), job("two")});
    std::vector<std::string> expected;
    for (const char* request : {"one", "two"}) {
        for (int at = 0; at < kLines; ++at)
            expected.push_back("said " + std::to_string(at) + rest);
        expected.push_back(std::string("ended ") + request);
    }
    EXPECT_TRUE(expected == events_.lines);  // not EXPECT_EQ: it would print megabytes
}

TEST_P(WorkerPoolProgress, GivesAWriteItsTimeFromWhenItWasSaid) {
    constexpr auto kBefore = 300ms;
    constexpr auto kTimeout = 400ms;
    WorkerPool pool(
        [&](const std::string&, const Say& say) {
            std::this_thread::sleep_for(kBefore);
            say("unbind");
            ::pause();
            return std::string("never");
        },
        1, kTimeout, events_.listener());
    const auto begin = base::Clock::now();
    pool.run({job("hang")});
    EXPECT_GE(base::Clock::now() - begin, kBefore + kTimeout);
    EXPECT_EQ(events_.lines, (std::vector<std::string>{"said unbind", "stuck"}));
}

TEST_P(WorkerPoolProgress, TellsWhatAWorkerSaidBeforeItDied) {
    WorkerPool pool(
        [](const std::string&, const Say& say) {
            say("bind");
            ::_exit(3);
            return std::string();
        },
        1, 60s, events_.listener());
    pool.run({job("die")});
    EXPECT_EQ(events_.lines, (std::vector<std::string>{"said bind", "died exit status 3"}));
}

TEST(WorkerPool, IsNotCalledForWhatNobodyFollows) {
    EventLog events;
    WorkerPool pool(
        [](const std::string& request, const Say& say) {
            say("doing");
            std::this_thread::sleep_for(200ms);
            return request;
        },
        1, 60s, events.listener());
    pool.add({{.request = "quiet", .drivers = {}}});
    pool.turn();
    std::vector<pollfd> asked;
    pool.watch(asked);
    ASSERT_EQ(1U, asked.size());
    // Its first word is there long before; only the answer makes the socket readable.
    ASSERT_EQ(1, ::poll(asked.data(), asked.size(), 60'000));
    pool.turn();
    EXPECT_EQ(events.lines, (std::vector<std::string>{"said doing", "ended quiet"}));
}

}  // namespace
}  // namespace binding
