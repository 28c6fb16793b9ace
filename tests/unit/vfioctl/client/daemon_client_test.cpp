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

/// A bus whose daemon dies under the first jobs.
struct DyingBus final : DaemonBus {
    unsigned deaths = 1;    ///< jobs that end so
    unsigned absences = 2;  ///< answers "no" to has_daemon()
    std::vector<std::string> calls;

    bool has_daemon() override { return absences == 0 || --absences == 0; }
    DaemonBusResult<base::UniqueFd> snapshot(const CallOptions&) override { return {}; }
    DaemonBusResult<void> reload() override { return {}; }
    DaemonBusResult<std::string> history() override { return {}; }
    DaemonBusResult<BusProperties> properties(const std::string&, const std::string&) override {
        return BusProperties{{"Ready", "true"}};
    }
    DaemonBusResult<std::string> start_job(const ChangeRequest& request) override {
        calls.emplace_back(request.method);
        return "/job";
    }
    DaemonBusResult<void> wait_for_job(
        const std::string&, const std::function<void(const binding::Progress&)>&) override {
        if (deaths == 0)
            return {};
        --deaths;
        return tl::unexpected(DaemonBusError{kDaemonLost, "gone"});
    }
    DaemonBusResult<std::vector<std::string>> job_lines(const std::string&) override {
        return std::vector<std::string>{"warning of the job"};
    }
    DaemonBusResult<void> listen(const std::function<AfterSignal(const BusSignal&)>&) override {
        return {};
    }
};

struct Followed {
    CliResult<DaemonClient::ChangeResult> result;
    std::vector<std::string> calls;
};

Followed follow(const char* method, unsigned deaths, unsigned absences) {
    auto bus = std::make_unique<DyingBus>();
    bus->deaths = deaths;
    bus->absences = absences;
    const DyingBus& seen = *bus;
    DaemonClient client(std::move(bus));
    if (absences > 2)
        client.patience = std::chrono::milliseconds(1);
    auto result = client.run_job({.method = method}, [](const binding::Progress&) {});
    return {std::move(result), seen.calls};
}

TEST(FollowedJob, IsAskedForAgainWhenTheDaemonComesBack) {
    const Followed bound = follow("Bind", 1, 2);
    ASSERT_TRUE(bound.result);
    EXPECT_EQ(bound.calls, (std::vector<std::string>{"Bind", "Bind"}));
    EXPECT_EQ(bound.result->warnings,
              (std::vector<std::string>{
                  "of the job",
                  "the daemon ended during the request and came back; it was asked again"}));
}

TEST(FollowedJob, EndsWithWhatIsKnown) {
    const Followed gone = follow("Apply", 1, 1'000'000);
    ASSERT_FALSE(gone.result);
    EXPECT_EQ(gone.calls, std::vector<std::string>{"Apply"});
    EXPECT_NE(gone.result.error().why.find("has not come back"), std::string::npos);
    const Followed twice = follow("Apply", 2, 1);
    ASSERT_FALSE(twice.result);
    EXPECT_EQ(twice.calls.size(), 2U);
    EXPECT_NE(twice.result.error().why.find("ended again"), std::string::npos);
    // A rollback would undo another transaction; an mdev would be there already, or gone.
    for (const char* method : {"Rollback", "CreateMdev", "Remove"}) {
        const Followed once = follow(method, 1, 1);
        ASSERT_FALSE(once.result);
        EXPECT_EQ(once.calls.size(), 1U) << method;
        EXPECT_EQ(once.result.error().code, ExitCode::kFailed);
    }
}

}  // namespace
}  // namespace vfioctl
