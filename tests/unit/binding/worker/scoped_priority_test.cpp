// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/worker/worker.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

/// Each in a process of its own, since a process may not raise its priority again.
namespace binding {
namespace {

int niceness() {
    return ::getpriority(PRIO_PROCESS, 0);
}

/// The result of `look` in a forked process.
int in_a_child(const std::function<int()>& look) {
    const pid_t pid = ::fork();
    if (pid == 0)
        ::_exit(look() + 100);  // an exit status has no sign
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WEXITSTATUS(status) - 100;
}

bool may_be_urgent() {
    return in_a_child([] { return ::setpriority(PRIO_PROCESS, 0, -15); }) == 0;
}

TEST(ScopedPriority, LastsAsLongAsItLives) {
    if (!may_be_urgent() || niceness() != 0)
        GTEST_SKIP() << "wants CAP_SYS_NICE and a niceness of 0";
    EXPECT_EQ(in_a_child([] {
                  const ScopedPriority urgent;
                  return niceness();
              }),
              -15);
    EXPECT_EQ(in_a_child([] {
                  { const ScopedPriority urgent; }
                  return niceness();
              }),
              0);
    EXPECT_EQ(in_a_child([] {
                  const ScopedPriority urgent;
                  { const ScopedPriority more; }
                  return niceness();
              }),
              -15)
        << "the inner one is not to end the outer one";
}

TEST(ScopedPriority, LeavesAGivenNicenessAlone) {
    EXPECT_EQ(in_a_child([] {
                  ::setpriority(PRIO_PROCESS, 0, 7);
                  const ScopedPriority urgent;
                  return niceness();
              }),
              7);
}

TEST(ScopedPriority, IsInheritedByWorkers) {
    if (!may_be_urgent() || niceness() != 0)
        GTEST_SKIP() << "wants CAP_SYS_NICE and a niceness of 0";
    EXPECT_EQ(in_a_child([] {
                  const ScopedPriority urgent;
                  return in_a_child(niceness);
              }),
              -15);
}

}  // namespace
}  // namespace binding
