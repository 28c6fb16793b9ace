// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include "tests/unit/bindd/loop/daemon_harness.hpp"

/// The daemon against a made-up kernel: what it does by itself, what it is asked for, and what it
/// survives.
namespace bindd {
namespace {

constexpr const char* kFirst = "0000:01:00.0";
constexpr const char* kSecond = "0000:02:00.0";

/// A device is rebound outside bindd.
void rebind(fake::KernelState& world, const char* address, const char* driver) {
    sysfs::Device& device = world.devices.at(fake::pci_id(address));
    device.driver = driver;
    device.driver_override.reset();
    device.vfio.reset();
}

TEST(Daemon, BringsAHostToWhatIsDeclaredBeforeItIsReady) {
    DaemonHarness daemon(nics(4), all_nics());
    daemon.start_ready();
    for (const char* address : {"0000:01:00.0", "0000:02:00.0", "0000:03:00.0", "0000:04:00.0"})
        EXPECT_EQ(daemon.driver_of(address), "vfio-pci") << address;
    daemon.send_line("counts");
    EXPECT_EQ(daemon.wait_for_line("counts"),
              "counts bound=4 conflict=0 failed=0 pending=0 refused=0 stuck=0 unmanaged=0");
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.journal_state().in_flight.empty());
}

TEST(Daemon, WritesNothingWhenAllIsAsDeclared) {
    DaemonHarness daemon(nics(2), all_nics());
    daemon.start_ready();
    EXPECT_EQ(daemon.stop(), 0);
    const unsigned writes = daemon.kernel().state().writes;
    daemon.start_ready();
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_EQ(daemon.kernel().state().writes, writes);
}

TEST(Daemon, BindsADeviceThatIsPluggedIn) {
    fake::KernelState world = nics(2);
    const sysfs::Device later = world.devices.at(fake::pci_id(kSecond));
    world.devices.erase(later.id);
    DaemonHarness daemon(world, all_nics());
    daemon.start_ready();
    daemon.plug(later);
    EXPECT_EQ(daemon.wait_for_line("transaction"), "transaction group 12 done");
    EXPECT_TRUE(daemon.state_when(kSecond, "bound").ends_with("bound vfio-pci -"));
    daemon.unplug(kSecond);
    EXPECT_EQ(daemon.wait_for_line("vanished"), "vanished pci/0000:02:00.0");
    daemon.plug(later);
    EXPECT_EQ(daemon.wait_for_line("transaction"), "transaction group 12 done");
    EXPECT_EQ(daemon.driver_of(kSecond), "vfio-pci");
}

/// `udevadm trigger` announces every device again; udev may also be slower than a scan.
TEST(Daemon, KnowsADeviceThatIsAnnouncedAgain) {
    DaemonHarness daemon(nics(2), all_nics());
    daemon.start_ready();
    daemon.send_line("release pci/0000:02:00.0");
    EXPECT_EQ(daemon.wait_for_line("job 2"), "job 2 release ended done");
    daemon.send_line("add pci/0000:01:00.0");
    daemon.send_line("add pci/0000:02:00.0");
    daemon.send_line("release pci/0000:01:00.0");
    EXPECT_EQ(daemon.wait_for_line("job 3"), "job 3 release ended done") << "it is still ours";
    EXPECT_EQ(daemon.driver_of(kFirst), "e1000e");
    daemon.state_when(kSecond, "pending");
    EXPECT_EQ(daemon.driver_of(kSecond), "e1000e") << "and still released manually";
}

TEST(Daemon, LooksAtTheWholeHostWhenEventsWereLost) {
    fake::KernelState world = nics(2);
    const sysfs::Device later = world.devices.at(fake::pci_id(kSecond));
    world.devices.erase(later.id);
    DaemonHarness daemon(world, all_nics());
    daemon.start_ready();
    daemon.change([&](fake::KernelState& now) { now.devices[later.id] = later; });
    daemon.send_line("lost");
    EXPECT_TRUE(daemon.wait_for_driver(kSecond, "vfio-pci"));
}

TEST(Daemon, ReportsDriftAndLeavesIt) {
    DaemonHarness daemon(nics(1), all_nics());
    daemon.start_ready();
    daemon.change([](fake::KernelState& world) { rebind(world, kFirst, "e1000e"); });
    daemon.send_line("change pci/0000:01:00.0");
    const std::string state = daemon.state_when(kFirst, "pending");
    EXPECT_EQ(state,
              "state pci/0000:01:00.0 pending e1000e drift: rebound to e1000e outside bindd; "
              "`vfioctl apply` binds it again");
    daemon.send_line("apply");
    EXPECT_EQ(daemon.wait_for_line("job"), "job 2 apply ended done");
    EXPECT_EQ(daemon.driver_of(kFirst), "vfio-pci");
}

TEST(Daemon, ReportsDriftAfterARestartToo) {
    DaemonHarness daemon(nics(1), all_nics());
    daemon.start_ready();
    EXPECT_EQ(daemon.stop(), 0);
    daemon.change([](fake::KernelState& world) { rebind(world, kFirst, "e1000e"); });
    daemon.start_ready();
    daemon.state_when(kFirst, "pending");
    EXPECT_EQ(daemon.driver_of(kFirst), "e1000e");
}

TEST(Daemon, RestoresDriftWhereTheRuleSaysSo) {
    DaemonHarness daemon(nics(1), all_nics("    drift: restore\n"));
    daemon.start_ready();
    daemon.change([](fake::KernelState& world) { rebind(world, kFirst, "e1000e"); });
    daemon.send_line("change pci/0000:01:00.0");
    EXPECT_TRUE(daemon.wait_for_driver(kFirst, "vfio-pci"));
}

TEST(Daemon, RestoresAnOverrideThatWasCleared) {
    DaemonHarness daemon(nics(1), all_nics("    drift: restore\n"));
    daemon.start_ready();
    daemon.change([](fake::KernelState& world) {
        world.devices.at(fake::pci_id(kFirst)).driver_override.reset();
    });
    daemon.send_line("change pci/0000:01:00.0");
    EXPECT_EQ(daemon.wait_for_line("transaction"), "transaction group 11 done");
    EXPECT_EQ(daemon.kernel().state().devices.at(fake::pci_id(kFirst)).driver_override, "vfio-pci");
}

TEST(Daemon, LeavesAReleasedDeviceToTheHostUntilApply) {
    DaemonHarness daemon(nics(1), all_nics());
    daemon.start_ready();
    daemon.send_line("release pci/0000:01:00.0");
    EXPECT_EQ(daemon.wait_for_line("job 2"), "job 2 release ended done");
    EXPECT_EQ(daemon.driver_of(kFirst), "e1000e");
    daemon.send_line("change pci/0000:01:00.0");
    EXPECT_EQ(
        daemon.state_when(kFirst, "pending"),
        "state pci/0000:01:00.0 pending e1000e released manually; `vfioctl apply` binds it again");
    EXPECT_EQ(daemon.stop(), 0);
    daemon.start_ready();
    EXPECT_EQ(daemon.driver_of(kFirst), "e1000e") << "also after a restart";
    daemon.send_line("apply");
    daemon.wait_for_line("job 1 apply ended done");
    EXPECT_EQ(daemon.driver_of(kFirst), "vfio-pci");
}

TEST(Daemon, LeavesAReleasedDeviceToTheHostUntilItsOwnRuleChanges) {
    DaemonHarness daemon(nics(2), all_nics());
    daemon.start_ready();
    daemon.send_line("release pci/0000:01:00.0");
    EXPECT_EQ(daemon.wait_for_line("job 2"), "job 2 release ended done");
    for (const std::string& edit :
         {"# a comment\n" + all_nics(),
          all_nics() + "  - name: other\n    match: { class: display }\n    driver: auto\n"}) {
        daemon.policy(edit);
        daemon.wait_for_line("reloaded 0 errors");
        daemon.state_when(kFirst, "pending");
        EXPECT_EQ(daemon.driver_of(kFirst), "e1000e") << edit;
    }
    daemon.policy(all_nics("    check: open\n"));
    EXPECT_TRUE(daemon.wait_for_driver(kFirst, "vfio-pci")) << "its own rule asks for more";
}

TEST(Daemon, TakesAReleasedDeviceAgainWhenAReloadIsRequested) {
    DaemonHarness daemon(nics(1), all_nics());
    daemon.start_ready();
    daemon.send_line("release pci/0000:01:00.0");
    EXPECT_EQ(daemon.wait_for_line("job 2"), "job 2 release ended done");
    daemon.send_line("reload");
    EXPECT_TRUE(daemon.wait_for_driver(kFirst, "vfio-pci"));
}

constexpr const char* kWaits = " waits for `vfioctl apply`: the daemon runs with --apply manual";

TEST(Daemon, LeavesEveryChangeToARequestInManualMode) {
    DaemonHarness daemon(nics(1), all_nics());
    daemon.apply_mode("manual").start_ready();
    EXPECT_EQ(daemon.state_when(kFirst, "pending"),
              std::string("state pci/0000:01:00.0 pending e1000e") + kWaits)
        << "at the start";
    daemon.plug(nics(2).devices.at(fake::pci_id(kSecond)));
    EXPECT_EQ(daemon.state_when(kSecond, "pending"),
              std::string("state pci/0000:02:00.0 pending e1000e") + kWaits)
        << "when plugged in";
    daemon.policy("version: 1\nrules: []\n");
    daemon.wait_for_line("reloaded 0 errors");
    daemon.state_when(kFirst, "unmanaged");
    daemon.policy(all_nics());
    daemon.wait_for_line("reloaded 0 errors");
    daemon.state_when(kFirst, "pending");
    daemon.send_line("reload");
    daemon.wait_for_line("reloaded 0 errors");
    daemon.state_when(kSecond, "pending");
    EXPECT_EQ(daemon.driver_of(kFirst), "e1000e") << "after an edit and a reload";
    daemon.send_line("apply");
    daemon.wait_for_line("job 1 apply ended done");
    EXPECT_EQ(daemon.driver_of(kFirst), "vfio-pci");
    EXPECT_EQ(daemon.driver_of(kSecond), "vfio-pci");
    daemon.state_when(kFirst, "bound");
}

TEST(Daemon, RestoresNoDriftInManualMode) {
    DaemonHarness daemon(nics(1), all_nics("    drift: restore\n"));
    daemon.apply_mode("manual").start_ready();
    daemon.send_line("bind pci/0000:01:00.0");
    EXPECT_EQ(daemon.wait_for_line("job 1"), "job 1 bind ended done") << "requests are as always";
    daemon.state_when(kFirst, "bound");
    daemon.change([](fake::KernelState& world) {
        world.devices.at(fake::pci_id(kFirst)).driver = "e1000e";
        world.devices.at(fake::pci_id(kFirst)).driver_override.reset();
        world.devices.at(fake::pci_id(kFirst)).vfio.reset();
    });
    daemon.send_line("change pci/0000:01:00.0");
    daemon.state_when(kFirst, "pending");
    EXPECT_EQ(daemon.driver_of(kFirst), "e1000e");
}

TEST(Daemon, KeepsWhatWasReleasedOverAReloadInManualMode) {
    DaemonHarness daemon(nics(1), all_nics());
    daemon.apply_mode("manual").start_ready();
    daemon.send_line("apply");
    daemon.wait_for_line("job 1 apply ended done");
    daemon.send_line("release pci/0000:01:00.0");
    EXPECT_EQ(daemon.wait_for_line("job 2"), "job 2 release ended done");
    daemon.send_line("reload");
    daemon.wait_for_line("reloaded 0 errors");
    EXPECT_EQ(
        daemon.state_when(kFirst, "pending"),
        "state pci/0000:01:00.0 pending e1000e released manually; `vfioctl apply` binds it again");
}

TEST(Daemon, KeepsAManualBinding) {
    DaemonHarness daemon(
        nics(1),
        "version: 1\nrules:\n  - name: none\n    match: { class: display }\n    driver: auto\n");
    daemon.start_ready();
    daemon.send_line("bind pci/0000:01:00.0");
    EXPECT_EQ(daemon.wait_for_line("job 1"), "job 1 bind ended done");
    EXPECT_EQ(daemon.driver_of(kFirst), "vfio-pci");
    daemon.send_line("bind pci/0000:77:00.0");
    EXPECT_EQ(daemon.wait_for_line("refused"), "refused 0000:77:00.0: no such device");
    daemon.send_line("rollback");
    EXPECT_EQ(daemon.wait_for_line("job 2"), "job 2 rollback ended done");
    EXPECT_EQ(daemon.driver_of(kFirst), "e1000e");
}

TEST(Daemon, KeepsTheSetInForceWhenTheNewOneIsBad) {
    DaemonHarness daemon(nics(2), all_nics("    limit: 1\n"));
    daemon.start_ready();
    EXPECT_EQ(daemon.driver_of(kSecond), "e1000e");
    daemon.policy("version: 1\nrules:\n  - nam: x\n");
    daemon.wait_for_line("reloaded 4 errors");
    daemon.state_when(kFirst, "bound");
    daemon.policy(all_nics());
    daemon.wait_for_line("reloaded 0 errors");
    EXPECT_TRUE(daemon.wait_for_driver(kSecond, "vfio-pci"));
}

/// Also after a reboot: nothing else remembers what the files were.
TEST(Daemon, StartsWithTheLastValidSetBesideABadOne) {
    DaemonHarness daemon(nics(2), all_nics("    limit: 1\n"));
    daemon.start_ready();
    EXPECT_EQ(daemon.stop(), 0);
    daemon.policy("version: 1\nrules:\n  - nam: x\n");
    daemon.change([](fake::KernelState& world) {
        world = nics(2);  // as after a boot
    });
    daemon.forget_boot();
    daemon.start();
    daemon.wait_for_line("reloaded 0 errors");
    daemon.wait_for_line("reloaded 4 errors");
    EXPECT_TRUE(daemon.wait_for_driver(kFirst, "vfio-pci"));
    EXPECT_EQ(daemon.driver_of(kSecond), "e1000e");
    daemon.policy(all_nics());
    EXPECT_TRUE(daemon.wait_for_driver(kSecond, "vfio-pci"));
}

TEST(Daemon, TellsOnceThatTheFilesAreBadAndWhenTheyAreGoodAgain) {
    DaemonHarness daemon(nics(1), all_nics());
    daemon.start_ready();
    daemon.policy("version: 1\nrules:\n  - nam: x\n");
    daemon.wait_for_line("reloaded 4 errors");
    daemon.send_line("reload");
    daemon.policy(all_nics());
    daemon.send_line("counts");
    EXPECT_EQ(daemon.wait_for_line("reloaded"), "reloaded 0 errors");
    daemon.state_when(kFirst, "bound");
}

TEST(Daemon, GoesOnBesideAWriteThatDoesNotReturn) {
    fake::KernelState world = nics(3);
    world.open(fake::pci_id(kFirst), "qemu (pid 712)");
    world.devices.at(fake::pci_id(kFirst)).driver = "vfio-pci";
    world.devices.at(fake::pci_id(kFirst)).driver_override = "vfio-pci";
    world.devices.at(fake::pci_id(kFirst)).vfio = sysfs::VfioNodes{"11", {}};
    world.drivers.registered["pci"]["vfio-pci"] = "vfio_pci";
    world.uses.clear();
    world.faults.hang_on = {"unbind 0000:02:00.0"};
    DaemonHarness daemon(world, all_nics());
    daemon.timeout(std::chrono::milliseconds(400));
    daemon.start();
    daemon.wait_for_line("transaction group 13 done");
    const std::string stuck = daemon.wait_for_line("transaction group 12");
    EXPECT_EQ(stuck,
              "transaction group 12 stuck: unbind 0000:02:00.0 from e1000e: did not return within "
              "400 ms");
    EXPECT_EQ(daemon.driver_of("0000:03:00.0"), "vfio-pci");
    daemon.send_line("bind pci/0000:02:00.0");
    EXPECT_TRUE(daemon.wait_for_line("refused").starts_with("refused 0000:02:00.0: is stuck"))
        << "at once";
    daemon.state_when(kSecond, "stuck");
}

TEST(Daemon, UndoesWhatOthersWereKilledAt) {
    DaemonHarness daemon(nics(2), "version: 1\nrules: []\n");
    daemon.interrupt(kFirst);
    daemon.start_ready();
    EXPECT_EQ(daemon.driver_of(kFirst), "e1000e");
    daemon.interrupt(kFirst);  // while it runs, which shows when it has the lock again
    daemon.send_line("bind pci/0000:02:00.0");
    EXPECT_EQ(daemon.wait_for_line("job"), "job 1 bind ended done");
    EXPECT_TRUE(daemon.wait_for_driver(kFirst, "e1000e"));
    daemon.state_when(kFirst, "unmanaged");
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.journal_state().in_flight.empty());
}

TEST(Daemon, IsReadySoonBesideAnUndoThatDoesNotReturn) {
    fake::KernelState world = nics(3);
    world.faults.hang_on = {"bind 0000:02:00.0"};
    DaemonHarness daemon(world, all_nics());
    daemon.interrupt(kFirst);
    daemon.interrupt(kSecond);
    daemon.start();
    EXPECT_EQ(daemon.wait_for_line("ready", std::chrono::seconds(8)), "ready");
    EXPECT_EQ(daemon.driver_of(kFirst), "vfio-pci")
        << "undone, and then bound beside the other's undo";
    EXPECT_EQ(daemon.driver_of("0000:03:00.0"), "vfio-pci");
    daemon.state_when(kSecond, "stuck");
}

/// No holder of the device is visible when the release is planned.
TEST(Daemon, RecoversWhenTheHolderLetsGo) {
    DaemonHarness daemon(nics(2), all_nics());
    daemon.timeout(std::chrono::milliseconds(500));
    daemon.start_ready();
    daemon.change([](fake::KernelState& world) { world.faults.hide_holders = true; });
    daemon.change(
        [](fake::KernelState& world) { world.open(fake::pci_id(kFirst), "qemu (pid 712)"); });
    daemon.send_line("release pci/0000:01:00.0");
    const std::string stuck = daemon.wait_for_line("transaction group 11 stuck");
    EXPECT_NE(stuck.find("held by qemu (pid 712)"), std::string::npos) << stuck;
    daemon.wait_for_line("job 2 release ended timed-out");
    daemon.state_when(kFirst, "stuck");
    daemon.send_line("release pci/0000:02:00.0");
    EXPECT_EQ(daemon.wait_for_line("job 3"), "job 3 release ended done") << "the others go on";
    daemon.kill();  // and a restart while it is stuck
    daemon.start_ready();
    daemon.state_when(kFirst, "stuck");
    EXPECT_EQ(daemon.driver_of(kSecond), "e1000e") << "a manual release stays";
    daemon.kernel().close(fake::pci_id(kFirst));
    daemon.state_when(kFirst, "bound");
    EXPECT_TRUE(daemon.journal_state().in_flight.empty());
}

}  // namespace
}  // namespace bindd
