// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/abandonable.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <set>

namespace base {
namespace {

using std::chrono::milliseconds;

/// Short for a call that hangs on purpose; such a call is the only one that can reach the deadline.
constexpr CallLimits kLimits{milliseconds(300), milliseconds(3'000)};
/// Calls that return, on whatever machine.
constexpr CallLimits kPatient{milliseconds(60'000), milliseconds(60'000)};

[[noreturn]] void hang() {
    for (;;)
        ::pause();
}

CallResult number(std::size_t at) {
    return {std::to_string(at), "", std::string("\0\n", 2)};
}

TEST(CallAbandonably, ReturnsTheTextsOfEachCallInOrder) {
    const auto found = call_abandonably(3, number, kPatient);
    ASSERT_EQ(found.size(), 3U);
    for (std::size_t at = 0; at < found.size(); ++at)
        EXPECT_EQ(found[at], number(at));
}

TEST(CallAbandonably, NeedsNoCallToReturnNothing) {
    EXPECT_TRUE(call_abandonably(0, number, kPatient).empty());
}

TEST(CallAbandonably, CallsInAnotherProcess) {
    const auto found = call_abandonably(
        1, [](std::size_t) { return CallResult{std::to_string(::getpid())}; }, kPatient);
    ASSERT_TRUE(found.front());
    EXPECT_NE(found.front()->front(), std::to_string(::getpid()));
}

TEST(CallAbandonably, GoesOnBeyondTheCallsThatHang) {
    const std::set<std::size_t> hanging{0, 2, 3, 6};
    const auto found = call_abandonably(
        7,
        [&](std::size_t at) {
            if (hanging.contains(at))
                hang();
            return number(at);
        },
        kLimits);
    for (std::size_t at = 0; at < found.size(); ++at)
        EXPECT_EQ(found[at].has_value(), !hanging.contains(at)) << at;
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
    EXPECT_EQ(errno, ECHILD) << "every process was killed";
}

TEST(CallAbandonably, TakesWhatReturnsLateButBeforeTheDeadline) {
    constexpr CallLimits kSlow{milliseconds(50), milliseconds(60'000)};
    const auto found = call_abandonably(
        3,
        [&](std::size_t at) {
            if (at == 1)
                ::usleep(400'000);
            return number(at);
        },
        kSlow);
    for (std::size_t at = 0; at < found.size(); ++at)
        EXPECT_EQ(found[at], number(at));
}

/// On a busy machine a process may not run at all until the others are said to go on without it.
TEST(CallAbandonably, MakesACallInAProcessThatHasNotBegunInTime) {
    constexpr CallLimits kAtOnce{milliseconds(0), milliseconds(60'000)};
    for (int each = 0; each < 20; ++each)
        EXPECT_EQ(call_abandonably(1, number, kAtOnce).front(), number(0));
}

TEST(CallAbandonably, TreatsACallThatEndsItsProcessAsOneThatHangs) {
    const auto found = call_abandonably(
        3,
        [](std::size_t at) {
            if (at == 1)
                ::_exit(1);
            return number(at);
        },
        kPatient);
    EXPECT_TRUE(found[0]);
    EXPECT_FALSE(found[1]);
    EXPECT_EQ(found[2], number(2));
}

TEST(CallAbandonably, HasRoomForManyLargeResults) {
    const std::string large(std::size_t{5} << 20U, 'x');
    const auto found = call_abandonably(
        8, [&](std::size_t) { return CallResult{large}; }, kPatient);
    for (const auto& each : found)
        EXPECT_EQ(each, CallResult{large});
}

}  // namespace
}  // namespace base
