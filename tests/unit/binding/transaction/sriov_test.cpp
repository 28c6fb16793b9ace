// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>

#include "tests/unit/binding/test_host.hpp"

/// VFs: made, bound, in use, and taken back.
namespace binding {
namespace {

using policy::Change;
using policy::StepResult;
using policy::Verdict;
using Words = std::vector<std::string>;

const std::string kPf = "0000:01:00.0";

fake::KernelState a_pf(std::uint32_t total) {
    fake::Host host;
    host.pci(kPf).nic().group(15).driver("igb").pf(total, 0);
    fake::KernelState world = fake::KernelState::from(host);
    world.faults.late_vfs = 1;
    return world;
}

TEST(Vfs, AreWaitedForAndTakenBackByARelease) {
    TestHost fixture(a_pf(8));
    const DriverStates before = fixture.driver_states();
    Change change = fixture.change(kPf, {});
    change.set_vfs = 4;
    const policy::Plan done = fixture.apply(fixture.make_plan({change}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(fixture.kernel().state().devices.at(pci_id(kPf)).sriov->vfs.size(), 4U);
    EXPECT_EQ(fixture.kernel().state().devices.at(pci_id(kPf)).sriov->autoprobe, true);
    const policy::Plan back = fixture.release({kPf});
    EXPECT_EQ(back.transactions[0].result, StepResult::kDone) << back.transactions[0].error;
    EXPECT_EQ(fixture.driver_states(), before);
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

TEST(Vfs, BeyondWhatTheDeviceHasAreAFailure) {
    TestHost fixture(a_pf(2));
    Change change = fixture.change(kPf, {});
    change.set_vfs = 4;
    const policy::Plan done = fixture.apply(fixture.make_plan({change}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack);
    EXPECT_EQ(done.transactions[0].error, "0000:01:00.0: set VFs: has at most 2");
}

policy::Plan set_vfs(TestHost& fixture, std::uint32_t count) {
    Change change = fixture.change(kPf, {});
    change.set_vfs = count;
    return fixture.apply(fixture.make_plan({change}));
}

sysfs::SriovPf sriov(TestHost& fixture) {
    return *fixture.kernel().state().devices.at(pci_id(kPf)).sriov;
}

TEST(Vfs, ComeWithoutNativeDriversWhichAutoprobeIsOffFor) {
    fake::KernelState world = a_pf(4);
    world.specs.push_back({"pci", "igb", "", {"pci:v00008086*"}, false});
    TestHost fixture(world);
    const policy::Plan done = set_vfs(fixture, 2);
    EXPECT_EQ(words(done.transactions[0].steps),
              (Words{"set_attr 0000:01:00.0 sriov_drivers_autoprobe=0 done",
                     "set_vfs 0000:01:00.0 2 done",
                     "set_attr 0000:01:00.0 sriov_drivers_autoprobe=1 done"}));
    for (const auto& [index, name] : sriov(fixture).vfs)
        EXPECT_EQ(fixture.driver_states().at(name).driver, std::nullopt);
    EXPECT_EQ(sriov(fixture).autoprobe, true);
}

TEST(Vfs, GoFromOneNumberToAnotherByWayOfNoneAndBackToTheFirst) {
    fake::KernelState world = a_pf(8);
    world.faults.late_vfs = 0;
    TestHost fixture(world);
    const sysfs::DeviceTarget pf{pci_id(kPf), fixture.kernel().device(pci_id(kPf))->identity()};
    ASSERT_TRUE(fixture.kernel().set_vfs(pf, 3));
    EXPECT_EQ(set_vfs(fixture, 5).transactions[0].result, StepResult::kDone);
    EXPECT_EQ(set_vfs(fixture, 6).transactions[0].result, StepResult::kDone);
    EXPECT_EQ(sriov(fixture).vfs.size(), 6U);
    const policy::Plan back = fixture.release({kPf});
    EXPECT_EQ(back.transactions[0].result, StepResult::kDone) << back.transactions[0].error;
    EXPECT_EQ(sriov(fixture).enabled, 3U);
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

TEST(Vfs, ThatSomebodyElseChangedSinceAreLeftAlone) {
    fake::KernelState world = a_pf(8);
    world.faults.late_vfs = 0;
    TestHost fixture(world);
    set_vfs(fixture, 4);
    const sysfs::DeviceTarget pf{pci_id(kPf), fixture.kernel().device(pci_id(kPf))->identity()};
    ASSERT_TRUE(fixture.kernel().set_vfs(pf, 0));
    ASSERT_TRUE(fixture.kernel().set_vfs(pf, 2));
    fixture.release({kPf});
    EXPECT_EQ(sriov(fixture).enabled, 2U);
}

TEST(Vfs, AFailureBringsBackAutoprobeAndTheNumberBefore) {
    fake::KernelState world = a_pf(8);
    world.faults.fail[2] = EIO;  // sriov_numvfs
    TestHost fixture(world);
    const policy::Plan done = set_vfs(fixture, 4);
    EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack) << done.transactions[0].error;
    EXPECT_EQ(sriov(fixture).autoprobe, true);
    EXPECT_EQ(sriov(fixture).enabled, 0U);
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

/// A PF with two VFs that we made, the first bound by us.
std::string bound_vf(TestHost& fixture) {
    set_vfs(fixture, 2);
    const std::string vf = sriov(fixture).vfs.at(0);
    fixture.apply(fixture.plan({vf}, {"vfio-pci"}));
    return vf;
}

TEST(Vfs, InUseKeepThePfFromBeingReleasedAndAreNamed) {
    fake::KernelState world = a_pf(8);
    world.faults.late_vfs = 0;
    TestHost fixture(world);
    const std::string vf = bound_vf(fixture);
    fixture.kernel().change(
        [&](fake::KernelState& now) { now.open(pci_id(vf), "qemu (pid 712)"); });
    const policy::Plan plan = fixture.release_plan({kPf});
    ASSERT_EQ(plan.transactions.size(), 1U);
    EXPECT_EQ(plan.transactions[0].verdict, Verdict::kRefused);
    ASSERT_EQ(plan.transactions[0].reasons.size(), 1U);
    const policy::Reason& reason = plan.transactions[0].reasons[0];
    EXPECT_EQ(reason.code, policy::ReasonCode::kVfsInUse);
    EXPECT_EQ(reason.device, pci_id(vf));
    EXPECT_EQ(reason.evidence, "qemu (pid 712)");
}

TEST(Vfs, OfOursGoWithTheirPfAndAreOursNoLonger) {
    fake::KernelState world = a_pf(8);
    world.faults.late_vfs = 0;
    TestHost fixture(world);
    const std::string vf = bound_vf(fixture);
    const policy::Plan done = fixture.release({vf, kPf});
    ASSERT_EQ(done.transactions.size(), 1U);
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(sriov(fixture).enabled, 0U);
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

}  // namespace
}  // namespace binding
