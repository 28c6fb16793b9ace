// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/pool.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace binding {
namespace {

using namespace std::chrono_literals;
using Say = std::function<void(const std::string&)>;

/// What a listener was told, in the order it was told: "said LINE" and "ended LINE".
class Told {
  public:
    [[nodiscard]] Pool::Listener listener() {
        return {.said = [this](const Job&, const std::string& line) { lines.push_back("said " + line); },
                .ended =
                    [this](const Job&, End how, const std::string& line) {
                        lines.push_back((how == End::kStuck ? "stuck" : how == End::kDied ? "died " : "ended ") + line);
                        return std::vector<Job>{};
                    },
                .left_behind = {}};
    }
    std::vector<std::string> lines;
};

class PoolFollowed : public ::testing::TestWithParam<bool> {
  protected:
    [[nodiscard]] static Job job(const std::string& request) {
        return {.request = request, .drivers = {}, .followed = GetParam()};
    }
    Told told_;
};
INSTANTIATE_TEST_SUITE_P(OrNot, PoolFollowed, ::testing::Bool());

TEST_P(PoolFollowed, TellsAllThatWasSaidBeforeTheAnswerHoweverMuch) {
    constexpr int kLines = 20000;  // many times what a socket holds
    const std::string rest(100, 'x');
    Pool pool(
        [&](const std::string& request, const Say& say) {
            for (int at = 0; at < kLines; ++at)
                say(std::to_string(at) + rest);
            return "=" + request;
        },
        1, 60s, told_.listener());
    pool.run({job("one"), job("two")});
    std::vector<std::string> expected;
    for (const char* request : {"one", "two"}) {
        for (int at = 0; at < kLines; ++at)
            expected.push_back("said " + std::to_string(at) + rest);
        expected.push_back(std::string("ended ") + request);
    }
    EXPECT_TRUE(expected == told_.lines);  // not EXPECT_EQ: it would print megabytes
}

TEST_P(PoolFollowed, GivesAWriteItsTimeFromWhenItWasSaid) {
    constexpr auto kBefore = 300ms;
    constexpr auto kTimeout = 400ms;
    Pool pool(
        [&](const std::string&, const Say& say) {
            std::this_thread::sleep_for(kBefore);
            say("unbind");
            ::pause();
            return std::string("=never");
        },
        1, kTimeout, told_.listener());
    const auto begin = Pool::Clock::now();
    pool.run({job("hang")});
    EXPECT_GE(Pool::Clock::now() - begin, kBefore + kTimeout);
    EXPECT_EQ(told_.lines, (std::vector<std::string>{"said unbind", "stuck"}));
}

TEST_P(PoolFollowed, TellsWhatAWorkerSaidBeforeItDied) {
    Pool pool(
        [](const std::string&, const Say& say) {
            say("bind");
            ::_exit(3);
            return std::string();
        },
        1, 60s, told_.listener());
    pool.run({job("die")});
    EXPECT_EQ(told_.lines, (std::vector<std::string>{"said bind", "died exit status 3"}));
}

TEST(Pool, IsNotCalledForWhatNobodyFollows) {
    Told told;
    Pool pool(
        [](const std::string& request, const Say& say) {
            say("doing");
            std::this_thread::sleep_for(200ms);
            return "=" + request;
        },
        1, 60s, told.listener());
    pool.add({{.request = "quiet", .drivers = {}}});
    pool.turn();
    std::vector<pollfd> asked;
    pool.watch(asked);
    ASSERT_EQ(1U, asked.size());
    // Its first word is there long before; only the answer makes the socket readable.
    ASSERT_EQ(1, ::poll(asked.data(), asked.size(), 60'000));
    pool.turn();
    EXPECT_EQ(told.lines, (std::vector<std::string>{"said doing", "ended quiet"}));
}

}  // namespace
}  // namespace binding
