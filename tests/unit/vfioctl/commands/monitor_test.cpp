// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/monitor.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <regex>
#include <sstream>
#include <utility>

#include "base/file_io.hpp"
#include "tests/fake/fake_kernel.hpp"
#include "tests/fake/host.hpp"
#include "tests/fake/temp_dir.hpp"

/// The lines of `monitor`, for the signals that a fake daemon sends.
namespace tests {
namespace {

using namespace vfioctl;

constexpr const char* kNic = "/org/bindd1/device/nic";
constexpr const char* kGpu = "/org/bindd1/device/gpu";
constexpr const char* kDevice = "org.bindd1.Device";

class FakeDaemonBus final : public DaemonBus {
  public:
    FakeDaemonBus(std::vector<BusSignal> signals, std::vector<std::string> snapshots)
        : signals_(std::move(signals)), snapshots_(std::move(snapshots)) {}
    bool has_daemon() override { return true; }
    /// One after another; the last stays.
    DaemonBusResult<base::UniqueFd> snapshot(const CallOptions& /*options*/) override {
        base::UniqueFd file(memfd_create("snapshot", MFD_CLOEXEC));
        const std::string& text = snapshots_.at(std::min(next_++, snapshots_.size() - 1));
        EXPECT_TRUE(base::write_all(file.get(), text, "snapshot"));
        return file;
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
    std::vector<std::string> snapshots_;
    std::size_t next_ = 0;
};

/// A daemon's snapshot of the NIC on this driver, and with the GPU or without.
std::string snapshot_text(const std::string& nic_driver, bool with_gpu = false) {
    fake::Host host;
    host.pci("0000:01:00.0").nic().group(15).driver(nic_driver);
    if (with_gpu)
        host.pci("0000:02:00.0").gpu().group(16).unbound();
    binding::SnapshotWriter writer;
    writer.add(host.inventory());
    writer.add({"pci", "0000:01:00.0"}, {{"pending", "not applied yet"}, kNic});
    if (with_gpu)
        writer.add({"pci", "0000:02:00.0"}, {{"unmanaged", std::nullopt}, kGpu});
    return writer.take();
}

/// What `monitor` prints until the connection is closed, without the times.
std::string monitored(std::vector<BusSignal> signals, Format format,
                      const std::vector<std::string>& words = {},
                      std::vector<std::string> snapshots = {snapshot_text("e1000e")}) {
    const fake::TempDir dir;
    fake::FakeKernel::create(dir.path() + "/kernel", {});
    fake::FakeKernel kernel(dir.path() + "/kernel");
    signals.insert(signals.begin(), DaemonPresence{true});
    DaemonClient daemon(std::make_unique<FakeDaemonBus>(std::move(signals), std::move(snapshots)));
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
                   .daemon = &daemon};
    Arguments arguments;
    arguments.words = words;
    const auto ended = run_monitor(cli, arguments);
    EXPECT_FALSE(ended.has_value());
    EXPECT_EQ(ended.error().why, "the connection was closed");
    static const std::regex kTime(
        "(^|\n)[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} |\"time\":\"[-0-9T:]+Z\",\"time_us\":[0-9]+,");
    return err.str() + std::regex_replace(out.str(), kTime, "$1@");
}

constexpr const char* kPresent =
    "@0000:01:00.0: present: driver e1000e, reason not applied yet, state pending\n";

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

TEST(Monitor, PrintsTheStateAndALineForEachChange) {
    EXPECT_EQ(
        monitored(kSignals, Format::kText),
        kPresent + std::string("@0000:01:00.0: changed: driver vfio-pci, driver_override none\n"
                               "@policies: policy_generation 2\n"
                               "@0000:02:00.0: appeared: state pending\n"
                               "@group 15: transaction: result done\n"
                               "@0000:02:00.0: vanished\n"
                               "@0000:01:00.0: changed: reason one ...\n"));
}

TEST(Monitor, PrintsOneJsonObjectALine) {
    EXPECT_EQ(monitored({kSignals.front(), kSignals.back()}, Format::kJson),
              "{\"schema\":\"vfioctl/1\",@\"event\":\"present\",\"subject\":\"0000:01:00.0\","
              "\"changes\":{\"driver\":\"e1000e\",\"reason\":\"not applied "
              "yet\",\"state\":\"pending\"}}\n"
              "{\"schema\":\"vfioctl/1\",@\"event\":\"changed\",\"subject\":\"0000:01:00.0\","
              "\"changes\":{\"driver\":\"vfio-pci\",\"driver_override\":null}}\n"
              "{\"schema\":\"vfioctl/1\",@\"event\":\"changed\",\"subject\":\"0000:01:00.0\","
              "\"changes\":{\"reason\":\"one\\ntwo\"}}\n");
}

TEST(Monitor, ShowsTheDevicesThatItIsAskedFor) {
    EXPECT_EQ(monitored(kSignals, Format::kText, {"02:00.0"}),
              "vfioctl: 02:00.0: not there yet\n"
              "@policies: policy_generation 2\n"
              "@0000:02:00.0: appeared: state pending\n"
              "@0000:02:00.0: vanished\n");
    const std::string nic = monitored(kSignals, Format::kText, {"0000:01:*"});
    EXPECT_EQ(nic.find("02:00.0"), std::string::npos) << nic;
    EXPECT_NE(nic.find("@group 15: transaction: result done\n"), std::string::npos) << nic;
}

// What happened while no daemon was there is found when the next one has come.
TEST(Monitor, OutlivesTheDaemon) {
    EXPECT_EQ(monitored({DaemonPresence{false}, DaemonPresence{true}, DaemonPresence{false},
                         DaemonPresence{true}},
                        Format::kText, {},
                        {snapshot_text("e1000e"), snapshot_text("vfio-pci", true),
                         snapshot_text("vfio-pci")}),
              kPresent + std::string("@daemon: state stopped\n"
                                     "@daemon: state started\n"
                                     "@0000:01:00.0: changed: driver vfio-pci\n"
                                     "@0000:02:00.0: appeared: state unmanaged\n"
                                     "@daemon: state stopped\n"
                                     "@daemon: state started\n"
                                     "@0000:02:00.0: vanished\n"));
}

// The values have the types that they have in `list --json`.
TEST(Monitor, HasTheTypesOfOtherCommands) {
    const BusProperties properties = {
        {"IommuGroup", "-1"},      {"NumaNode", "1"},    {"BootVga", "0"},
        {"PolicyGeneration", "7"}, {"Group", "/"},       {"Vfio", "cdev=vfio0 group=15"},
        {"Vfio.cdev", "vfio0"},    {"Vfio.group", "15"}, {"Wanted", ""}};
    EXPECT_EQ(event_json({"changed", "0000:01:00.0", properties}, 1'764'590'400'000'001),
              "{\"schema\":\"vfioctl/1\",\"time\":\"2025-12-01T12:00:00Z\","
              "\"time_us\":1764590400000001,\"event\":\"changed\",\"subject\":\"0000:01:00.0\","
              "\"changes\":{\"boot_vga\":false,\"iommu_group\":null,\"numa_node\":1,"
              "\"policy_generation\":7,\"vfio\":{\"group\":\"15\",\"cdev\":\"vfio0\"},"
              "\"wanted\":null}}\n");
}

}  // namespace
}  // namespace tests
