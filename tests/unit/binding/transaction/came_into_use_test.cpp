// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <optional>

#include "sysfs/device/names.hpp"
#include "tests/unit/binding/transaction/scenarios.hpp"

/// What the host begins to use while a transaction runs, or before it is undone, stays where it is.
namespace binding {
namespace {

bool is_on_host_driver(const sysfs::Device& device) {
    return device.driver && !device.mdev && !sysfs::is_vfio_driver(*device.driver);
}

/// Of every device that a driver of the host has; the evidence is that driver.
void use_all(fake::KernelState& world) {
    for (const auto& [id, device] : world.devices)
        if (is_on_host_driver(device) && !world.uses.contains(id))
            world.uses[id] = {{sysfs::UseKind::kDefaultRoute, "a default route leaves through it",
                               *device.driver}};
}

void expect_untouched(TestHost& fixture, const std::string& where) {
    const fake::KernelState world = fixture.kernel().state();
    const JournalState journal = fixture.journal_state();
    for (const auto& [id, uses] : world.uses) {
        const std::string& driver = uses.front().evidence;
        const auto device = world.devices.find(id);
        ASSERT_NE(device, world.devices.end()) << where << ": " << id.text() << " is gone";
        EXPECT_EQ(device->second.driver, driver) << where << ": " << id.text();
        const auto ours = journal.bound.find(id);
        const std::string recorded = ours == journal.bound.end() ? "" : ours->second.driver;
        EXPECT_TRUE(recorded.empty() || recorded == driver)
            << where << ": the journal has " << id.text() << " on " << recorded;
    }
    EXPECT_TRUE(journal.in_flight.empty()) << where;
}

class CameIntoUse : public ::testing::TestWithParam<std::size_t> {};

/// After each write, with and without a failure of the next.
TEST_P(CameIntoUse, WhileATransactionRunsItStays) {
    const Scenario& scenario = scenarios().at(GetParam());
    const unsigned writes = ends_of(scenario).writes;
    for (unsigned step = 1; step <= writes; ++step)
        for (const int errnum : {0, EIO}) {
            const auto host = prepare(scenario);
            const unsigned at = host->kernel().state().writes + step;
            if (errnum != 0)
                host->kernel().change(
                    [&](fake::KernelState& world) { world.faults.fail[at + 1] = errnum; });
            const policy::Plan plan = scenario.plan(*host);
            host->kernel().on_write = [at](unsigned now, fake::FakeKernel::Moment moment,
                                           fake::KernelState& world) {
                if (now == at && moment == fake::FakeKernel::Moment::kAfter)
                    use_all(world);
            };
            host->apply(plan);
            host->apply({});  // The write that failed may have been one of the undo.
            expect_untouched(*host, std::string(scenario.name) + ", write " + std::to_string(step) +
                                        ", then " + std::to_string(errnum));
            if (HasFailure())
                return;
        }
}

/// kill -9 at each moment, then the use begins, then the recovery.
TEST_P(CameIntoUse, BeforeTheRecoveryItStays) {
    const Scenario& scenario = scenarios().at(GetParam());
    for (unsigned moment = 1;; moment += 2) {
        const auto host = prepare(scenario);
        const policy::Plan plan = scenario.plan(*host);
        const unsigned last = host->moments() + moment;
        host->options().timeout = std::chrono::minutes(1);
        host->kernel().change([&](fake::KernelState& world) {
            world.faults.death = fake::KillScope::kProcessGroup;
            world.faults.kill_at = last;
        });
        const bool survived = TestHost::survives([&] { host->apply(plan); });
        host->kernel().change([](fake::KernelState& world) {
            world.faults.kill_at = 0;
            use_all(world);
        });
        host->apply({});
        expect_untouched(*host, std::string(scenario.name) + ", moment " + std::to_string(moment));
        if (survived || HasFailure())
            return;
    }
}

/// A group whose transaction fails after a member went back to the host.
TEST(CameIntoUseInAGroup, OneMemberStaysAndIsReleasedTheOthersGoBack) {
    TestHost fixture(group_of_three());
    const std::vector<std::string> three = {"0000:00:1f.2", "0000:00:1f.3", "0000:00:1f.4"};
    fixture.apply(fixture.plan(three, {"vfio-pci"}));
    const policy::Plan release = fixture.release_plan(three);
    fixture.kernel().change(
        [](fake::KernelState& world) { world.refuse(pci_id("0000:00:1f.2"), "ahci", EIO); });
    fixture.kernel().on_write = [](unsigned, fake::FakeKernel::Moment, fake::KernelState& world) {
        use_all(world);
    };
    const policy::Plan done = fixture.apply(release);
    EXPECT_EQ(done.transactions[0].result, policy::StepResult::kFailed);
    EXPECT_EQ(done.transactions[0].error,
              "0000:00:1f.2: bind to ahci: Input/output error; could not be put back: "
              "0000:00:1f.3: undo: the host uses it, so it stays on i801_smbus: a default route "
              "leaves through it (i801_smbus)");
    EXPECT_EQ(fixture.driver_states(), (DriverStates{{three[0], {"vfio-pci", "vfio-pci"}},
                                                     {three[1], {"i801_smbus", std::nullopt}},
                                                     {three[2], {"vfio-pci", "vfio-pci"}}}));
    const JournalState journal = fixture.journal_state();
    EXPECT_TRUE(journal.bound.contains(pci_id(three[0])));
    EXPECT_FALSE(journal.bound.contains(pci_id(three[1])));
    EXPECT_TRUE(journal.in_flight.empty());
}

/// An undo of a device that somebody has opened waits for the close, and hangs at no unbind.
TEST(CameIntoUseThroughVfio, TheUndoIsTriedAgainWhenItIsClosed) {
    TestHost fixture(one_nic());
    const DriverStates before = fixture.driver_states();
    policy::Change change = fixture.change("0000:01:00.0", {"vfio-pci"});
    change.check = policy::Check::kOpen;
    fixture.options().check_open = [&](const sysfs::Device& device) {
        fixture.kernel().change(
            [&](fake::KernelState& world) { world.open(device.id, "qemu (pid 712)"); });
        return base::fail(base::Code::kBusy, "open", device.id.display(), "somebody has it open");
    };
    const policy::Plan failed = fixture.apply(fixture.make_plan({change}));
    EXPECT_EQ(failed.transactions[0].error,
              "0000:01:00.0: open: somebody has it open; could not be put back: 0000:01:00.0: "
              "undo: its VFIO device is open (qemu (pid 712))");
    EXPECT_EQ(fixture.journal_state().in_flight.size(), 1U);
    fixture.recover();
    EXPECT_EQ(fixture.journal_state().in_flight.size(), 1U);
    fixture.kernel().close(pci_id("0000:01:00.0"));
    fixture.recover();
    EXPECT_TRUE(fixture.journal_state().in_flight.empty());
    EXPECT_EQ(fixture.driver_states(), before);
}

/// A device without a driver can be mapped through its files in sysfs.
TEST(CameIntoUseUnbound, NoUndoBindsItWhileItIsMapped) {
    TestHost fixture(one_nic());
    const policy::Plan plan = fixture.plan({"0000:01:00.0"}, {"vfio-pci"});
    fixture.kernel().change(
        [](fake::KernelState& world) { world.refuse(pci_id("0000:01:00.0"), "vfio-pci", EIO); });
    fixture.kernel().on_write = [](unsigned, fake::FakeKernel::Moment, fake::KernelState& world) {
        if (!world.devices.at(pci_id("0000:01:00.0")).driver)
            world.uses[pci_id("0000:01:00.0")] = {
                {sysfs::UseKind::kOpenFd, "a process uses it without a driver", "spdk (pid 7)"}};
    };
    const policy::Plan done = fixture.apply(plan);
    EXPECT_NE(done.transactions[0].error.find("spdk (pid 7)"), std::string::npos);
    EXPECT_EQ(fixture.driver_states().at("0000:01:00.0").driver, std::nullopt);
    fixture.kernel().change([](fake::KernelState& world) { world.uses.clear(); });
    fixture.kernel().on_write = nullptr;
    fixture.recover();
    EXPECT_EQ(fixture.driver_states().at("0000:01:00.0").driver, "e1000e");
}

INSTANTIATE_TEST_SUITE_P(AtEveryMoment, CameIntoUse,
                         ::testing::Range(std::size_t{0}, scenarios().size()));

}  // namespace
}  // namespace binding
