// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>

#include "binding/transaction/release_plan.hpp"
#include "binding/transaction/transaction_runner.hpp"
#include "policy/udev/udev_rules.hpp"
#include "tests/unit/binding/test_host.hpp"

namespace binding {
namespace {

using policy::StepResult;
using Words = std::vector<std::string>;

const std::string kNic = "0000:01:00.0";

TEST(Apply, BindsADeviceAndRemembersHowItStood) {
    TestHost fixture(one_nic());
    const policy::Plan done = fixture.apply(fixture.plan({kNic}, {"vfio-pci"}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(
        words(done.transactions[0].steps),
        (Words{"load_module 0000:01:00.0 vfio_pci done", "set_override 0000:01:00.0 vfio-pci done",
               "unbind 0000:01:00.0 e1000e done", "bind 0000:01:00.0 vfio-pci done"}));
    EXPECT_EQ(fixture.driver_states(), (DriverStates{{kNic, {"vfio-pci", "vfio-pci"}}}));
    const JournalState journal_state = fixture.journal_state();
    EXPECT_TRUE(journal_state.in_flight.empty());
    const ManagedDevice& bound = journal_state.bound.at(pci_id(kNic));
    EXPECT_EQ(bound.driver, "vfio-pci");
    EXPECT_EQ(bound.before_driver, "e1000e");
    EXPECT_EQ(bound.before_override, std::nullopt);
    EXPECT_EQ(bound.rule, "test");
    EXPECT_EQ(fixture.warnings(), Words{});
}

// usb-storage is no driver of a PCI device, which only its loaded module tells.
TEST(Apply, KeepsTheDriverWhileTheBusHasNoDriverOfThatName) {
    fake::KernelState world = one_nic();
    world.drivers.modules["usb_storage"] = sysfs::ModuleState::kAvailable;
    world.specs.push_back(
        {.bus = "usb", .name = "usb-storage", .module = "usb_storage", .ids = {}});
    TestHost fixture(world);
    const DriverStates before = fixture.driver_states();
    const policy::Plan alone = fixture.apply(fixture.plan({kNic}, {"usb-storage"}));
    EXPECT_EQ(alone.transactions[0].result, StepResult::kRolledBack);
    EXPECT_EQ(alone.transactions[0].error,
              "0000:01:00.0: bind to usb-storage: the bus pci has no driver usb-storage");
    EXPECT_EQ(fixture.kernel().state().writes, 1U) << "the module alone";
    EXPECT_EQ(fixture.driver_states(), before);
    const policy::Plan chain = fixture.apply(fixture.plan({kNic}, {"usb-storage", "vfio-pci"}));
    EXPECT_EQ(chain.transactions[0].result, StepResult::kDone) << chain.transactions[0].error;
    EXPECT_EQ(fixture.driver_states(), (DriverStates{{kNic, {"vfio-pci", "vfio-pci"}}}));
}

TEST(Apply, ReleasesToTheDriverAndOverrideThatWereThere) {
    TestHost fixture(one_nic());
    const DriverStates before = fixture.driver_states();
    fixture.apply(fixture.plan({kNic}, {"vfio-pci"}));
    const policy::Plan done = fixture.release({kNic});
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(words(done.transactions[0].steps),
              (Words{"clear_override 0000:01:00.0 - done", "unbind 0000:01:00.0 vfio-pci done",
                     "bind 0000:01:00.0 e1000e done"}));
    EXPECT_EQ(fixture.driver_states(), before);
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

TEST(Apply, DoesNothingAndWritesNothingTheSecondTime) {
    TestHost fixture(one_nic());
    fixture.apply(fixture.plan({kNic}, {"vfio-pci"}));
    policy::Plan again = fixture.plan({kNic}, {"vfio-pci"});
    again.transactions[0].verdict = policy::Verdict::kOk;
    const std::string files = fixture.state_files();
    const unsigned writes = fixture.kernel().state().writes;
    const policy::Plan done = fixture.apply(again);
    EXPECT_EQ(done.transactions[0].result, std::nullopt);
    EXPECT_EQ(fixture.state_files(), files);
    EXPECT_EQ(fixture.kernel().state().writes, writes);
}

TEST(Apply, MakesNothingItsOwnThatItFoundInPlace) {
    fake::Host host;
    host.pci(kNic).nic().group(15).vfio("vfio-pci", "vfio0");
    TestHost fixture(fake::KernelState::from(host));
    const policy::Plan done = fixture.apply(fixture.plan({kNic}, {"vfio-pci"}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone);
    EXPECT_EQ(fixture.kernel().state().writes, 0U);
    EXPECT_TRUE(fixture.journal_state().bound.empty());
    const auto release = plan_release(fixture.kernel(), fixture.state(),
                                      fixture.kernel().state().inventory(), {pci_id(kNic)});
    ASSERT_FALSE(release);
    EXPECT_EQ(release.error().code, base::Code::kNotFound);
}

TEST(Apply, TriesTheNextCandidateWhenAProbeRefuses) {
    for (const int errnum : {ENODEV, EBUSY, EINVAL, EIO, EAGAIN, EPERM}) {
        fake::KernelState world = one_nic();
        world.module_brings("mlx5_vfio_pci", "mlx5_vfio_pci", {});
        world.refuse(pci_id(kNic), "mlx5_vfio_pci", errnum);
        TestHost fixture(world);
        const policy::Plan done =
            fixture.apply(fixture.plan({kNic}, {"mlx5_vfio_pci", "vfio-pci"}));
        EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
        EXPECT_EQ(fixture.driver_states(), (DriverStates{{kNic, {"vfio-pci", "vfio-pci"}}}));
        EXPECT_EQ(
            words(done.transactions[0].steps),
            (Words{"load_module 0000:01:00.0 mlx5_vfio_pci done",
                   "set_override 0000:01:00.0 mlx5_vfio_pci done",
                   "unbind 0000:01:00.0 e1000e done",
                   "bind 0000:01:00.0 mlx5_vfio_pci failed: 0000:01:00.0: bind to "
                   "mlx5_vfio_pci: " +
                       std::generic_category().message(errnum),
                   "load_module 0000:01:00.0 vfio_pci done",
                   "set_override 0000:01:00.0 vfio-pci done", "bind 0000:01:00.0 vfio-pci done"}));
    }
}

TEST(Apply, LeavesADeviceThatCameIntoUseSinceItWasPlanned) {
    fake::KernelState world = one_nic();
    world.uses[pci_id(kNic)] = {{sysfs::UseKind::kAddressed, "it has an address", "10.0.0.2/24"}};
    TestHost fixture(world);
    policy::Change change = fixture.change(kNic, {"vfio-pci"});
    change.accepted_uses = {sysfs::UseKind::kSignature};
    const policy::Plan refused = fixture.apply(fixture.make_plan({change}));
    EXPECT_EQ(refused.transactions[0].result, StepResult::kRolledBack);
    EXPECT_EQ(refused.transactions[0].error_code, base::Code::kStale);
    EXPECT_EQ(refused.transactions[0].error,
              "0000:01:00.0: check: came into use since it was planned: it has an address "
              "(10.0.0.2/24)");
    EXPECT_EQ(fixture.driver_states(), (DriverStates{{kNic, {"e1000e", std::nullopt}}}));

    change.accepted_uses.push_back(sysfs::UseKind::kAddressed);
    const policy::Plan done = fixture.apply(fixture.make_plan({change}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
}

TEST(Apply, FindsTheNameOfADriverThatOnlyItsModuleKnows) {
    fake::KernelState world = one_nic();
    world.module_brings("nvgrace_gpu_vfio_pci", "nvgrace-gpu-vfio-pci", {});
    TestHost fixture(world);
    policy::Change change = fixture.change(kNic, {"nvgrace_gpu_vfio_pci"});
    change.candidates[0].driver.reset();
    const policy::Plan done = fixture.apply(fixture.make_plan({change}));
    EXPECT_EQ(
        words(done.transactions[0].steps),
        (Words{"load_module 0000:01:00.0 nvgrace_gpu_vfio_pci done",
               "set_override 0000:01:00.0 nvgrace-gpu-vfio-pci done",
               "unbind 0000:01:00.0 e1000e done", "bind 0000:01:00.0 nvgrace-gpu-vfio-pci done"}));
}

TEST(Apply, BindsToTheDriverThatTheModuleRegistersWhenItIsSpelledOtherwise) {
    fake::KernelState world = one_nic();
    world.module_brings("nvgrace_gpu_vfio_pci", "nvgrace_gpu_vfio_pci", {});
    TestHost fixture(world);
    const policy::Plan done = fixture.apply(fixture.plan({kNic}, {"nvgrace-gpu-vfio-pci"}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(fixture.driver_states(),
              (DriverStates{{kNic, {"nvgrace_gpu_vfio_pci", "nvgrace_gpu_vfio_pci"}}}));
}

TEST(Apply, PutsTheWholeGroupBackWhenItsLastMemberFails) {
    fake::KernelState world = group_of_three();
    world.refuse(pci_id("0000:00:1f.4"), "vfio-pci", EIO);
    TestHost fixture(world);
    const DriverStates before = fixture.driver_states();
    const policy::Plan done =
        fixture.apply(fixture.plan({"0000:00:1f.2", "0000:00:1f.3", "0000:00:1f.4"}, {"vfio-pci"}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack);
    EXPECT_EQ(done.transactions[0].error, "0000:00:1f.4: bind to vfio-pci: Input/output error");
    EXPECT_EQ(fixture.driver_states(), before);
    const JournalState journal_state = fixture.journal_state();
    EXPECT_TRUE(journal_state.in_flight.empty());
    EXPECT_TRUE(journal_state.bound.empty());
    EXPECT_EQ(
        words(done.transactions[0].steps),
        (Words{"load_module 0000:00:1f.2 vfio_pci rolled_back",
               "set_override 0000:00:1f.2 vfio-pci rolled_back",
               "set_override 0000:00:1f.3 vfio-pci rolled_back",
               "set_override 0000:00:1f.4 vfio-pci rolled_back",
               "unbind 0000:00:1f.2 ahci rolled_back", "unbind 0000:00:1f.3 i801_smbus rolled_back",
               "bind 0000:00:1f.2 vfio-pci rolled_back", "bind 0000:00:1f.3 vfio-pci rolled_back",
               "bind 0000:00:1f.4 vfio-pci failed: 0000:00:1f.4: bind to vfio-pci: "
               "Input/output error"}));
}

TEST(Apply, TakesAGroupWholeAndReleasesItWhole) {
    TestHost fixture(group_of_three());
    const DriverStates before = fixture.driver_states();
    fixture.apply(fixture.plan({"0000:00:1f.2", "0000:00:1f.3", "0000:00:1f.4"}, {"vfio-pci"}));
    EXPECT_EQ(fixture.driver_states(), (DriverStates{{"0000:00:1f.2", {"vfio-pci", "vfio-pci"}},
                                                     {"0000:00:1f.3", {"vfio-pci", "vfio-pci"}},
                                                     {"0000:00:1f.4", {"vfio-pci", "vfio-pci"}}}));
    const policy::Plan done = fixture.release({"0000:00:1f.2"});
    EXPECT_EQ(done.transactions[0].devices.size(), 3U);
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(fixture.driver_states(), before);
}

/// A peer that got a driver after its group was bound is taken along by a later apply.
TEST(Apply, ReleasesThePeersThatALaterTransactionTookAlong) {
    TestHost fixture(group_of_three());
    const DriverStates before = fixture.driver_states();
    fixture.apply(fixture.plan({"0000:00:1f.2"}, {"vfio-pci"}));
    for (const char* peer : {"0000:00:1f.3", "0000:00:1f.4"}) {
        policy::Change change = fixture.change(peer, {"vfio-pci"});
        change.taken_along = true;
        fixture.apply(fixture.make_plan({change}));
    }
    const policy::Plan done = fixture.release({"0000:00:1f.4", "0000:00:1f.2"});
    EXPECT_EQ(done.transactions.size(), 1U);
    EXPECT_EQ(fixture.driver_states(), before);
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

TEST(Apply, ReleasesAPeerWithTheLastDeviceThatNeedsIt) {
    TestHost fixture(group_of_three());
    fixture.apply(fixture.plan({"0000:00:1f.2"}, {"vfio-pci"}));
    policy::Change other = fixture.change("0000:00:1f.3", {"vfio-pci"});
    other.rule = "other";
    fixture.apply(fixture.make_plan({other}));
    policy::Change peer = fixture.change("0000:00:1f.4", {"vfio-pci"});
    peer.taken_along = true;
    peer.rule = "bind-0000:00:1f.2";  // requested for a device that the rule "test" has bound
    fixture.apply(fixture.make_plan({peer}));
    fixture.release({"0000:00:1f.2"});
    EXPECT_EQ(fixture.driver_states().at("0000:00:1f.3").driver, "vfio-pci");
    EXPECT_NE(fixture.driver_states().at("0000:00:1f.4").driver, "vfio-pci");
}

TEST(Apply, RestoresAForeignOverrideThatNamesAnotherDriver) {
    fake::Host host;
    host.pci(kNic).nic().group(15).driver("e1000e").override_("uio_pci_generic");
    TestHost fixture(fake::KernelState::from(host));
    const DriverStates before = fixture.driver_states();
    fixture.apply(fixture.plan({kNic}, {"vfio-pci"}));
    const policy::Plan done = fixture.release({kNic});
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(fixture.driver_states(), before);
}

// The udev rules armed it; then somebody loaded vfio_pci for another device, between our look and
// our turn.
TEST(Apply, TakesWhatOurRulesHaveArmedAndItsDriverFoundByItself) {
    fake::Host host;
    host.pci(kNic)
        .nic()
        .group(15)
        .override_("vfio-pci")
        .property(policy::kOverrideProperty, "vfio-pci");
    TestHost fixture(fake::KernelState::from(host));
    const policy::Plan plan = fixture.plan({kNic}, {"vfio-pci"});
    fixture.kernel().change(
        [](fake::KernelState& world) { world.devices.at(pci_id(kNic)).driver = "vfio-pci"; });
    const unsigned writes = fixture.kernel().state().writes;
    EXPECT_EQ(fixture.apply(plan).transactions[0].result, StepResult::kDone);
    EXPECT_EQ(fixture.kernel().state().writes, writes);
    const policy::Plan done = fixture.release({kNic});
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(fixture.driver_states().at(kNic).driver_override, std::nullopt);
    EXPECT_NE(fixture.driver_states().at(kNic).driver, "vfio-pci");
}

// Nothing but an attribute, or the access of its nodes, was left to be set.
TEST(Apply, TakesWhatOurRulesHaveBoundWithWhateverElseItChanges) {
    for (const bool access : {false, true}) {
        fake::Host host;
        host.pci(kNic)
            .nic()
            .group(15)
            .vfio("vfio-pci", "vfio0")
            .override_("vfio-pci")
            .property(policy::kOverrideProperty, "vfio-pci")
            .attr("msi_bus", "1");
        fake::KernelState world = fake::KernelState::from(host);
        world.module_brings("e1000e", "e1000e", {"pci:v00008086d000010D3*"});
        TestHost fixture(world);
        policy::Change change = fixture.change(kNic, {});
        if (access)
            change.access = {.owner = "0", .group = {}, .mode = 0660};
        else
            change.attrs = {{"msi_bus", "0"}};
        EXPECT_EQ(fixture.apply(fixture.make_plan({change})).transactions[0].result,
                  StepResult::kDone);
        const policy::Plan done = fixture.release({kNic});
        EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
        EXPECT_EQ(fixture.driver_states(), (DriverStates{{kNic, {"e1000e", std::nullopt}}}));
        EXPECT_EQ(fixture.kernel().state().devices.at(pci_id(kNic)).attrs.at("msi_bus"), "1");
    }
}

TEST(Apply, RefusesADeviceThatChangedSinceItWasPlanned) {
    TestHost fixture(one_nic());
    const policy::Plan plan = fixture.plan({kNic}, {"vfio-pci"});
    fixture.kernel().change([](fake::KernelState& world) {
        world.devices.at(pci_id(kNic)).driver_override = "igb_uio";
    });
    const policy::Plan done = fixture.apply(plan);
    EXPECT_EQ(done.transactions[0].result, StepResult::kFailed);
    EXPECT_EQ(done.transactions[0].error,
              "0000:01:00.0: check: changed since it was planned: on e1000e with override igb_uio "
              "now, was on e1000e");
    EXPECT_EQ(fixture.kernel().state().writes, 0U);
}

TEST(Apply, RefusesAnotherDeviceAtTheSameAddress) {
    TestHost fixture(one_nic());
    const policy::Plan plan = fixture.plan({kNic}, {"vfio-pci"});
    fixture.kernel().change(
        [](fake::KernelState& world) { world.devices.at(pci_id(kNic)).ids.device = 0x10d4; });
    const policy::Plan done = fixture.apply(plan);
    EXPECT_EQ(done.transactions[0].error,
              "0000:01:00.0: check: is another device than the one that was planned for");
    EXPECT_EQ(fixture.kernel().state().writes, 0U);
}

TEST(Apply, WaitsForTheNativeDriverWhileAPeerIsBeingClosed) {
    fake::KernelState world = group_of_three();
    world.refuse(pci_id("0000:00:1f.4"), "vfio-pci", EIO);
    world.refuse(pci_id("0000:00:1f.3"), "i801_smbus", EBUSY, 2);
    TestHost fixture(world);
    const DriverStates before = fixture.driver_states();
    const policy::Plan done =
        fixture.apply(fixture.plan({"0000:00:1f.2", "0000:00:1f.3", "0000:00:1f.4"}, {"vfio-pci"}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack) << done.transactions[0].error;
    EXPECT_EQ(fixture.driver_states(), before);
}

TEST(Apply, KeepsAPendingUndoAndFinishesItWithTheNextRun) {
    fake::KernelState world = one_nic();
    world.refuse(pci_id(kNic), "vfio-pci", EIO);
    world.refuse(pci_id(kNic), "e1000e", EROFS);  // EBUSY would be tried until the timeout
    TestHost fixture(world);
    const DriverStates before = fixture.driver_states();
    const policy::Plan failed = fixture.apply(fixture.plan({kNic}, {"vfio-pci"}));
    EXPECT_EQ(failed.transactions[0].result, StepResult::kFailed);
    EXPECT_EQ(failed.transactions[0].error,
              "0000:01:00.0: bind to vfio-pci: Input/output error; could not be put back: "
              "0000:01:00.0: bind to e1000e: Read-only file system");
    EXPECT_EQ(fixture.journal_state().in_flight.size(), 1U);
    fixture.kernel().change([](fake::KernelState& now) { now.refusals.clear(); });
    fixture.apply({});
    EXPECT_EQ(fixture.driver_states(), before);
    EXPECT_TRUE(fixture.journal_state().in_flight.empty());
}

TEST(Apply, FailsWhenNoVfioNodeAppears) {
    fake::KernelState world = one_nic();
    world.faults.no_nodes = true;
    TestHost fixture(world);
    const DriverStates before = fixture.driver_states();
    const policy::Plan done = fixture.apply(fixture.plan({kNic}, {"vfio-pci"}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack);
    EXPECT_EQ(done.transactions[0].error,
              "0000:01:00.0: verify: is on vfio-pci, but no VFIO node appeared");
    EXPECT_EQ(fixture.driver_states(), before);
}

TEST(Apply, WaitsForVfioNodesThatComeLate) {
    fake::KernelState world = one_nic();
    world.faults.late_nodes = true;
    TestHost fixture(world);
    EXPECT_EQ(fixture.apply(fixture.plan({kNic}, {"vfio-pci"})).transactions[0].result,
              StepResult::kDone);
}

TEST(Apply, ReleasesNothingThatSomeoneBoundAnewSince) {
    TestHost fixture(one_nic());
    fixture.apply(fixture.plan({kNic}, {"vfio-pci"}));
    fixture.kernel().change([](fake::KernelState& world) {
        world.devices.at(pci_id(kNic)).driver = "uio_pci_generic";
        world.devices.at(pci_id(kNic)).driver_override = "uio_pci_generic";
    });
    const DriverStates theirs = fixture.driver_states();
    const policy::Plan done = fixture.release({kNic});
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone);
    EXPECT_EQ(fixture.driver_states(), theirs);
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

TEST(Apply, ForgetsADeviceThatWentAway) {
    TestHost fixture(one_nic());
    fixture.apply(fixture.plan({kNic}, {"vfio-pci"}));
    fixture.kernel().change([](fake::KernelState& world) { world.devices.clear(); });
    const policy::Plan done = fixture.release({kNic});
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(fixture.warnings(),
              Words{"group 15: 0000:01:00.0 is gone or another device now: forgotten"});
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

/// A removal reaches the daemon while `vfioctl bind` has the lock for the device that came back.
TEST(Apply, ForgetsOnlyTheDeviceThatWentAwayNotTheOneBoundInItsPlace) {
    TestHost fixture(one_nic());
    fixture.apply(fixture.plan({kNic}, {"vfio-pci"}));
    const auto forget = [&] {
        auto runner = TransactionRunner::open(fixture.kernel(), fixture.state(), {});
        ASSERT_TRUE(runner);
        EXPECT_TRUE(runner->forget({pci_id(kNic)}, "it went away"));
    };
    forget();
    EXPECT_EQ(fixture.journal_state().bound.count(pci_id(kNic)), 1U);
    fixture.kernel().change(
        [](fake::KernelState& world) { world.devices.at(pci_id(kNic)).incarnation = 2; });
    forget();
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

}  // namespace
}  // namespace binding
