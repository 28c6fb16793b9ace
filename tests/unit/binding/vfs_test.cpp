// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>

#include "tests/unit/binding/stand.hpp"

/// VFs: made, bound, in use, and taken back.
namespace binding {
namespace {

using policy::Change;
using policy::StepResult;
using policy::Verdict;
using Words = std::vector<std::string>;

const std::string kPf = "0000:01:00.0";

fake::World a_pf(std::uint32_t total) {
    fake::Host host;
    host.pci(kPf).nic().group(15).driver("igb").pf(total, 0);
    fake::World world = fake::World::of(host);
    world.script.late_vfs = 1;
    return world;
}

TEST(Vfs, AreWaitedForAndTakenBackByARelease) {
    Stand stand(a_pf(8));
    const Picture before = stand.picture();
    Change change = stand.change(kPf, {});
    change.set_vfs = 4;
    const policy::Plan done = stand.apply(stand.plan_of({change}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(stand.kernel().look().devices.at(pci_id(kPf)).sriov->vfs.size(), 4U);
    EXPECT_EQ(stand.kernel().look().devices.at(pci_id(kPf)).sriov->autoprobe, true);
    const policy::Plan back = stand.release({kPf});
    EXPECT_EQ(back.transactions[0].result, StepResult::kDone) << back.transactions[0].error;
    EXPECT_EQ(stand.picture(), before);
    EXPECT_TRUE(stand.ledger().bound.empty());
}

TEST(Vfs, BeyondWhatTheDeviceHasAreAFailure) {
    Stand stand(a_pf(2));
    Change change = stand.change(kPf, {});
    change.set_vfs = 4;
    const policy::Plan done = stand.apply(stand.plan_of({change}));
    EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack);
    EXPECT_EQ(done.transactions[0].error, "0000:01:00.0: set VFs: has at most 2");
}

policy::Plan set_vfs(Stand& stand, std::uint32_t count) {
    Change change = stand.change(kPf, {});
    change.set_vfs = count;
    return stand.apply(stand.plan_of({change}));
}

sysfs::SriovPf sriov(Stand& stand) {
    return *stand.kernel().look().devices.at(pci_id(kPf)).sriov;
}

TEST(Vfs, ComeWithoutNativeDriversWhichAutoprobeIsOffFor) {
    fake::World world = a_pf(4);
    world.specs.push_back({"pci", "igb", "", {"pci:v00008086*"}, false});
    Stand stand(world);
    const policy::Plan done = set_vfs(stand, 2);
    EXPECT_EQ(words(done.transactions[0].steps),
              (Words{"set_attr 0000:01:00.0 sriov_drivers_autoprobe=0 done",
                     "set_vfs 0000:01:00.0 2 done",
                     "set_attr 0000:01:00.0 sriov_drivers_autoprobe=1 done"}));
    for (const auto& [index, name] : sriov(stand).vfs)
        EXPECT_EQ(stand.picture().at(name).driver, std::nullopt);
    EXPECT_EQ(sriov(stand).autoprobe, true);
}

TEST(Vfs, GoFromOneNumberToAnotherByWayOfNoneAndBackToTheFirst) {
    fake::World world = a_pf(8);
    world.script.late_vfs = 0;
    Stand stand(world);
    const sysfs::Target pf{pci_id(kPf), stand.kernel().device(pci_id(kPf))->identity()};
    ASSERT_TRUE(stand.kernel().set_vfs(pf, 3));
    EXPECT_EQ(set_vfs(stand, 5).transactions[0].result, StepResult::kDone);
    EXPECT_EQ(set_vfs(stand, 6).transactions[0].result, StepResult::kDone);
    EXPECT_EQ(sriov(stand).vfs.size(), 6U);
    const policy::Plan back = stand.release({kPf});
    EXPECT_EQ(back.transactions[0].result, StepResult::kDone) << back.transactions[0].error;
    EXPECT_EQ(sriov(stand).enabled, 3U);
    EXPECT_TRUE(stand.ledger().bound.empty());
}

TEST(Vfs, ThatSomebodyElseChangedSinceAreLeftAlone) {
    fake::World world = a_pf(8);
    world.script.late_vfs = 0;
    Stand stand(world);
    set_vfs(stand, 4);
    const sysfs::Target pf{pci_id(kPf), stand.kernel().device(pci_id(kPf))->identity()};
    ASSERT_TRUE(stand.kernel().set_vfs(pf, 0));
    ASSERT_TRUE(stand.kernel().set_vfs(pf, 2));
    stand.release({kPf});
    EXPECT_EQ(sriov(stand).enabled, 2U);
}

TEST(Vfs, AFailureBringsBackAutoprobeAndTheNumberBefore) {
    fake::World world = a_pf(8);
    world.script.fail[2] = EIO;  // sriov_numvfs
    Stand stand(world);
    const policy::Plan done = set_vfs(stand, 4);
    EXPECT_EQ(done.transactions[0].result, StepResult::kRolledBack) << done.transactions[0].error;
    EXPECT_EQ(sriov(stand).autoprobe, true);
    EXPECT_EQ(sriov(stand).enabled, 0U);
    EXPECT_TRUE(stand.ledger().bound.empty());
}

/// A PF with two VFs that we made, the first bound by us.
std::string bound_vf(Stand& stand) {
    set_vfs(stand, 2);
    const std::string vf = sriov(stand).vfs.at(0);
    stand.apply(stand.plan({vf}, {"vfio-pci"}));
    return vf;
}

TEST(Vfs, InUseKeepThePfFromBeingReleasedAndAreNamed) {
    fake::World world = a_pf(8);
    world.script.late_vfs = 0;
    Stand stand(world);
    const std::string vf = bound_vf(stand);
    stand.kernel().change([&](fake::World& now) { now.open(pci_id(vf), "qemu (pid 712)"); });
    const policy::Plan plan = stand.release_plan({kPf});
    ASSERT_EQ(plan.transactions.size(), 1U);
    EXPECT_EQ(plan.transactions[0].verdict, Verdict::kRefused);
    ASSERT_EQ(plan.transactions[0].reasons.size(), 1U);
    const policy::Reason& reason = plan.transactions[0].reasons[0];
    EXPECT_EQ(reason.code, policy::ReasonCode::kVfsInUse);
    EXPECT_EQ(reason.device, pci_id(vf));
    EXPECT_EQ(reason.evidence, "qemu (pid 712)");
}

TEST(Vfs, OfOursGoWithTheirPfAndAreOursNoLonger) {
    fake::World world = a_pf(8);
    world.script.late_vfs = 0;
    Stand stand(world);
    const std::string vf = bound_vf(stand);
    const policy::Plan done = stand.release({vf, kPf});
    ASSERT_EQ(done.transactions.size(), 1U);
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(sriov(stand).enabled, 0U);
    EXPECT_TRUE(stand.ledger().bound.empty());
}

}  // namespace
}  // namespace binding
