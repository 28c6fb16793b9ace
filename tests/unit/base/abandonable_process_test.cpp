// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/abandonable_process.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace base {
namespace {

/// Each call of a program that runs for days left one.
TEST(AbandonableProcess, LeavesNoZombieBeyondTheNextProcess) {
    const auto process = fork_abandonable([] {
        for (;;)
            ::pause();
    });
    ASSERT_TRUE(process);
    abandon(*process);
    siginfo_t ended{};
    (void)::waitid(P_PID, static_cast<id_t>(*process), &ended, WEXITED | WNOWAIT);
    const auto next = fork_abandonable([] {});
    ASSERT_TRUE(next);
    EXPECT_EQ(::waitpid(*process, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    EXPECT_EQ(::waitpid(*next, nullptr, 0), *next);
}

}  // namespace
}  // namespace base
