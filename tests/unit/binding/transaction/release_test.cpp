// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "binding/transaction/release_plan.hpp"
#include "policy/udev/udev_rules.hpp"
#include "tests/unit/binding/test_host.hpp"

/// A release looks for users as a bind does: in the plan, and again right before it writes.
namespace binding {
namespace {

using policy::ReasonCode;
using policy::StepResult;
using policy::Verdict;
using sysfs::Use;
using sysfs::UseKind;
using Words = std::vector<std::string>;

const std::string kReleased = "0000:01:00.0";

void put_in_use(TestHost& fixture, const sysfs::DeviceId& id, std::vector<Use> uses) {
    fixture.kernel().change([&](fake::KernelState& world) { world.uses[id] = uses; });
}

std::string first_vf(TestHost& fixture) {
    return fixture.kernel().state().devices.at(pci_id(kReleased)).sriov->vfs.at(0);
}

policy::Plan vfs_plan(TestHost& fixture, std::uint32_t count) {
    policy::Change change = fixture.change(kReleased, {});
    change.set_vfs = count;
    return fixture.make_plan({change});
}

fake::KernelState nic_with_vfs() {
    fake::Host host;
    host.pci(kReleased).nic().group(15).driver("igb").pf(4, 0);
    return fake::KernelState::from(host);
}

TEST(ReleasedInUse, IsRefusedForEveryKindOfUseAndForcedByItsName) {
    for (int each = 0; each <= static_cast<int>(UseKind::kUnknown); ++each) {
        const auto kind = static_cast<UseKind>(each);
        if (kind == UseKind::kSignature || kind == UseKind::kFirmwareMemory)
            continue;
        TestHost fixture(one_nic());
        fixture.apply(fixture.plan({kReleased}, {"vfio-pci"}));
        put_in_use(fixture, pci_id(kReleased), {{kind, "somebody has it", "pid 1"}});
        const policy::Plan refused = fixture.release_plan({kReleased});
        const policy::Transaction& transaction = refused.transactions.at(0);
        EXPECT_EQ(transaction.verdict, Verdict::kRefused) << sysfs::use_kind_name(kind);
        ASSERT_EQ(transaction.reasons.size(), 1U) << sysfs::use_kind_name(kind);
        const policy::Reason& reason = transaction.reasons.front();
        EXPECT_EQ(policy::reason_name(reason.code), std::string(sysfs::use_kind_name(kind)));
        EXPECT_EQ(reason.forceable, policy::is_forceable(reason.code));
        const auto forced =
            plan_release(fixture.kernel(), fixture.state(), fixture.kernel().state().inventory(),
                         {pci_id(kReleased)}, {.codes = {reason.code}});
        ASSERT_TRUE(forced);
        EXPECT_EQ(forced->transactions.at(0).verdict,
                  reason.forceable ? Verdict::kChange : Verdict::kRefused);
        if (!reason.forceable)
            continue;
        EXPECT_EQ(fixture.apply(*forced).transactions.at(0).result, StepResult::kDone)
            << sysfs::use_kind_name(kind);
    }
}

TEST(ReleasedInUse, IsFoundAgainRightBeforeTheUnbind) {
    TestHost fixture(one_nic());
    fixture.apply(fixture.plan({kReleased}, {"vfio-pci"}));
    const policy::Plan plan = fixture.release_plan({kReleased});
    ASSERT_EQ(plan.transactions.at(0).verdict, Verdict::kChange);
    put_in_use(fixture, pci_id(kReleased), {{UseKind::kOpenFd, "resource0 is mapped", "qemu"}});
    const policy::Plan done = fixture.apply(plan);
    EXPECT_EQ(done.transactions[0].error_code, base::Code::kStale);
    EXPECT_EQ(done.transactions[0].error,
              "0000:01:00.0: check: came into use since it was planned: resource0 is mapped "
              "(qemu)");
    EXPECT_EQ(fixture.driver_states(), (DriverStates{{kReleased, {"vfio-pci", "vfio-pci"}}}));
    EXPECT_TRUE(fixture.journal_state().bound.contains(pci_id(kReleased)));
}

TEST(BoundInUse, IsFoundAgainOfADeviceWithoutADriver) {
    fake::KernelState world = one_nic();
    world.devices.at(pci_id(kReleased)).driver.reset();
    TestHost fixture(world);
    const policy::Plan plan = fixture.plan({kReleased}, {"vfio-pci"});
    put_in_use(fixture, pci_id(kReleased), {{UseKind::kOpenFd, "resource0 is mapped", "spdk"}});
    const policy::Plan done = fixture.apply(plan);
    EXPECT_EQ(done.transactions[0].error_code, base::Code::kStale) << done.transactions[0].error;
    EXPECT_EQ(fixture.driver_states(), (DriverStates{{kReleased, {std::nullopt, std::nullopt}}}));
}

TEST(ReducedVfs, AreLookedAtAgainRightBeforeTheyVanish) {
    TestHost fixture(nic_with_vfs());
    fixture.apply(vfs_plan(fixture, 2));
    const policy::Plan fewer = vfs_plan(fixture, 1);
    const policy::Plan none = fixture.release_plan({kReleased});
    put_in_use(fixture, pci_id(first_vf(fixture)), {{UseKind::kVfioOpen, "is open", "qemu"}});
    for (const policy::Plan& plan : {fewer, none}) {
        ASSERT_EQ(plan.transactions.at(0).verdict, Verdict::kChange);
        const policy::Plan done = fixture.apply(plan);
        EXPECT_EQ(done.transactions[0].error_code, base::Code::kStale)
            << done.transactions[0].error;
        EXPECT_EQ(fixture.kernel().state().devices.at(pci_id(kReleased)).sriov->enabled, 2U);
    }
}

/// The rule that armed it has been dropped before anything of ours bound it.
class ArmedDevice : public testing::TestWithParam<const char*> {
  protected:
    static fake::KernelState world(const std::string& override_) {
        fake::Host host;
        host.pci(kReleased).nic().group(15).override_(override_).property(policy::kOverrideProperty,
                                                                          override_);
        fake::KernelState world = fake::KernelState::from(host);
        world.module_brings("e1000e", "e1000e", {"pci:v00008086d000010D3*"});
        return world;
    }
};

TEST_P(ArmedDevice, ByOurUdevRuleIsReleasedToItsNativeDriver) {
    TestHost fixture(world(GetParam()));
    const policy::Plan plan = fixture.release_plan({kReleased});
    ASSERT_EQ(plan.transactions.size(), 1U);
    const policy::Plan done = fixture.apply(plan);
    EXPECT_EQ(done.transactions[0].result, StepResult::kDone) << done.transactions[0].error;
    EXPECT_EQ(fixture.driver_states(), (DriverStates{{kReleased, {"e1000e", std::nullopt}}}));
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

TEST_P(ArmedDevice, WithAnotherOverrideThanOursIsNotOurs) {
    fake::KernelState other = world(GetParam());
    other.devices.at(pci_id(kReleased)).driver_override = "uio_pci_generic";
    TestHost fixture(other);
    EXPECT_FALSE(plan_release(fixture.kernel(), fixture.state(),
                              fixture.kernel().state().inventory(), {pci_id(kReleased)}));
}

INSTANTIATE_TEST_SUITE_P(Of, ArmedDevice, testing::Values("none", "vfio-pci"), [](const auto& one) {
    return std::string(one.param) == "none" ? "None" : "Vfio";
});

}  // namespace
}  // namespace binding
