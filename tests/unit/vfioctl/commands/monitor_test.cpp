// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/monitor.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <utility>

#include "tests/fake/fake_kernel.hpp"
#include "tests/fake/temp_dir.hpp"

/// The lines of `monitor`, for the signals that a fake daemon sends.
namespace tests {
namespace {

using namespace vfioctl;

constexpr const char* kNic = "/org/bindd1/device/nic";
constexpr const char* kDevice = "org.bindd1.Device";

class FakeDaemonBus final : public DaemonBus {
  public:
    explicit FakeDaemonBus(std::vector<BusSignal> signals) : signals_(std::move(signals)) {}
    bool has_daemon() override { return true; }
    DaemonBusResult<base::UniqueFd> snapshot(const CallOptions& /*options*/) override {
        return unused();
    }
    DaemonBusResult<void> reload() override { return unused(); }
    DaemonBusResult<std::string> history() override { return unused(); }
    DaemonBusResult<BusProperties> properties(const std::string& /*path*/,
                                              const std::string& /*interface*/) override {
        return unused();
    }
    DaemonBusResult<std::string> start_job(const ChangeRequest& /*request*/) override {
        return unused();
    }
    DaemonBusResult<void> wait_for_job(
        const std::string& /*job*/,
        const std::function<void(const binding::Progress&)>& /*progress*/) override {
        return unused();
    }
    DaemonBusResult<std::vector<std::string>> job_lines(const std::string& /*job*/) override {
        return unused();
    }
    DaemonBusResult<void> listen(
        const std::function<AfterSignal(const BusSignal&)>& on_signal) override {
        for (const BusSignal& signal : signals_)
            if (on_signal(signal) == AfterSignal::kStop)
                return {};
        return tl::unexpected(DaemonBusError{"", "the connection was closed"});
    }

  private:
    static tl::unexpected<DaemonBusError> unused() {
        return tl::unexpected(DaemonBusError{"", "not used"});
    }
    std::vector<BusSignal> signals_;
};

/// What `monitor` prints until the connection is closed.
std::string monitored(std::vector<BusSignal> signals, Format format) {
    const fake::TempDir dir;
    fake::FakeKernel::create(dir.path() + "/kernel", {});
    fake::FakeKernel kernel(dir.path() + "/kernel");
    binding::HostSnapshot snapshot;
    snapshot.statuses[{"pci", "0000:01:00.0"}].path = kNic;
    DaemonClient daemon(std::make_unique<FakeDaemonBus>(std::move(signals)));
    std::ostringstream out;
    std::ostringstream err;
    GlobalOptions options;
    options.format = format;
    CliContext cli{.options = options,
                   .kernel = kernel,
                   .state = {.run = "", .lib = "", .boot_id = "", .on_write = {}},
                   .terminal = {},
                   .check_open = {},
                   .out = out,
                   .err = err,
                   .daemon = &daemon,
                   .snapshot = &snapshot};
    const auto ended = run_monitor(cli, {});
    EXPECT_FALSE(ended.has_value());
    EXPECT_EQ(ended.error().why, "the connection was closed");
    return out.str();
}

const std::vector<BusSignal> kSignals = {
    PropertiesChanged{kNic, kDevice, {{"Driver", "vfio-pci"}, {"DriverOverride", ""}}},
    PropertiesChanged{"/org/bindd1/device/other", kDevice, {{"Driver", "e1000e"}}},
    PropertiesChanged{kNic, "org.bindd1.Other", {{"Driver", "e1000e"}}},
    PropertiesChanged{"/org/bindd1", "org.bindd1.Manager", {{"Stuck", "1"}}},
    PropertiesChanged{"/org/bindd1", "org.bindd1.Manager", {{"PolicyGeneration", "2"}}},
    InterfacesAdded{"/org/bindd1/group/g15", {{"org.bindd1.Group", {}}}},
    InterfacesAdded{
        "/org/bindd1/device/gpu",
        {{kDevice, {{"Bus", "pci"}, {"Address", "0000:02:00.0"}, {"State", "pending"}}}}},
    TransactionFinishedSignal{"group 15", "done"},
    InterfacesRemoved{"/org/bindd1/device/gpu"},
    InterfacesRemoved{"/org/bindd1/device/gpu"},
    PropertiesChanged{kNic, kDevice, {{"Reason", "one\ntwo"}}},
};

TEST(Monitor, PrintsALineForEachChange) {
    EXPECT_EQ(monitored(kSignals, Format::kText),
              "0000:01:00.0: changed: driver vfio-pci, driver_override none\n"
              "policies: policy_generation 2\n"
              "0000:02:00.0: appeared: state pending\n"
              "group 15: transaction: result done\n"
              "0000:02:00.0: vanished\n"
              "0000:01:00.0: changed: reason one ...\n");
}

TEST(Monitor, PrintsOneJsonObjectALine) {
    EXPECT_EQ(monitored({kSignals.front(), kSignals.back()}, Format::kJson),
              "{\"schema\":\"vfioctl/1\",\"event\":\"changed\",\"subject\":\"0000:01:00.0\","
              "\"changes\":{\"driver\":\"vfio-pci\",\"driver_override\":null}}\n"
              "{\"schema\":\"vfioctl/1\",\"event\":\"changed\",\"subject\":\"0000:01:00.0\","
              "\"changes\":{\"reason\":\"one\\ntwo\"}}\n");
}

}  // namespace
}  // namespace tests
