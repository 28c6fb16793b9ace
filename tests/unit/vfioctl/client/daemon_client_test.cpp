// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/client/daemon_client.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/fake/temp_dir.hpp"

namespace vfioctl {
namespace {

/// This program has no run path to the module, as a vfioctl that was copied without it.
class WithoutTheModule : public testing::Test {
  protected:
    void SetUp() override {
        ::unsetenv("BINDD_BUS_ADDRESS");
        ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    }
    fake::TempDir run;
};

TEST_F(WithoutTheModule, AHostWithoutADaemonHasNoClient) {
    const auto found = DaemonClient::find(run.path());
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, nullptr);
}

TEST_F(WithoutTheModule, ARunningDaemonIsNotBypassedSilently) {
    std::ofstream(run.path() + "/on-bus").put('\n');
    const auto found = DaemonClient::find(run.path());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ExitCode::kFailed);
    EXPECT_NE(found.error().why.find("vfioctl-daemon-bus.so"), std::string::npos)
        << found.error().why;
    EXPECT_EQ(found.error().hint, "reinstall vfioctl; --direct bypasses the daemon");
}

}  // namespace
}  // namespace vfioctl
