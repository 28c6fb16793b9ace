// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/rebind_plan.hpp"
#include "binding/transaction/release_plan.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "tests/unit/binding/test_host.hpp"

/// A rollback goes back to what stood when the transaction began, also when that was our doing.
namespace binding {
namespace {

using policy::StepResult;

const std::string kNic = "0000:01:00.0";

class RollbackHost : public TestHost {
  public:
    using TestHost::TestHost;

    /// Executes and returns the transaction's id.
    std::string move(const std::vector<std::string>& drivers) {
        const policy::Plan done = apply(plan({kNic}, drivers));
        EXPECT_EQ(done.transactions.at(0).result, StepResult::kDone)
            << done.transactions.at(0).error;
        return journal_state().bound.at(pci_id(kNic)).txn;
    }
    [[nodiscard]] base::Result<policy::Plan> plan_back(const std::string& txn) {
        return plan_rollback(kernel(), state(), kernel().state().inventory(), txn);
    }
    policy::Transaction roll_back(const std::string& txn) {
        auto plan = plan_back(txn);
        EXPECT_TRUE(plan) << plan.error().text();
        return plan ? apply(*plan).transactions.at(0) : policy::Transaction{};
    }
    [[nodiscard]] DriverState driver_state() { return driver_states().at(kNic); }
};

fake::KernelState stub_world() {
    fake::KernelState world = one_nic();
    world.module_brings("pci_stub", "pci-stub", {});
    world.module_brings("mlx5_vfio_pci", "mlx5_vfio_pci", {});
    return world;
}

/// No driver at first; its native one can be bound.
fake::KernelState unbound_nic() {
    fake::KernelState world = one_nic();
    world.devices.at(pci_id(kNic)).driver.reset();
    return world;
}

TEST(RollbackChain, LeavesADeviceThatTheHostUsesOnTheDriverItHadBefore) {
    RollbackHost host(one_nic());
    host.move({"vfio-pci"});
    const auto plan = host.plan_back(host.move({"e1000e"}));
    ASSERT_TRUE(plan) << plan.error().text();
    host.kernel().change([](fake::KernelState& world) {
        world.uses[pci_id(kNic)] = {{sysfs::UseKind::kDefaultRoute, "it has a route", "default"}};
    });
    const policy::Transaction back = host.apply(*plan).transactions.at(0);
    EXPECT_EQ(back.error_code, base::Code::kStale) << back.error;
    EXPECT_EQ(host.driver_state().driver, "e1000e");
}

TEST(RollbackChain, OfTheSecondTransactionGoesBackToTheFirst) {
    RollbackHost host(stub_world());
    const std::string first = host.move({"vfio-pci"});
    const ManagedDevice record = host.journal_state().bound.at(pci_id(kNic));
    const std::string second = host.move({"pci-stub"});
    const policy::Transaction back = host.roll_back(second);
    EXPECT_EQ(back.result, StepResult::kDone) << back.error;
    EXPECT_EQ(words(back.steps),
              (std::vector<std::string>{"set_override 0000:01:00.0 vfio-pci done",
                                        "unbind 0000:01:00.0 pci-stub done",
                                        "bind 0000:01:00.0 vfio-pci done"}));
    EXPECT_EQ(host.driver_state(), (DriverState{"vfio-pci", "vfio-pci"}));
    EXPECT_TRUE(host.journal_state().bound.at(pci_id(kNic)) == record);
    EXPECT_TRUE(host.journal_state().undoable.empty());
    EXPECT_FALSE(host.plan_back(second));
    EXPECT_EQ(host.roll_back(first).result, StepResult::kDone);
    EXPECT_EQ(host.driver_state(), (DriverState{"e1000e", std::nullopt}));
    EXPECT_TRUE(host.journal_state().bound.empty());
}

TEST(RollbackChain, OfTheFirstUndoesWhatFollowedIt) {
    RollbackHost host(stub_world());
    const std::string first = host.move({"vfio-pci"});
    host.move({"pci-stub"});
    EXPECT_EQ(host.roll_back(first).result, StepResult::kDone);
    EXPECT_EQ(host.driver_state(), (DriverState{"e1000e", std::nullopt}));
    EXPECT_TRUE(host.journal_state().bound.empty());
    EXPECT_TRUE(host.journal_state().undoable.empty());
}

TEST(RollbackChain, OfOneInTheMiddleUndoesItAndTheLater) {
    RollbackHost host(stub_world());
    host.move({"vfio-pci"});
    const std::string second = host.move({"pci-stub"});
    host.move({"mlx5_vfio_pci"});
    EXPECT_EQ(host.roll_back(second).result, StepResult::kDone);
    EXPECT_EQ(host.driver_state(), (DriverState{"vfio-pci", "vfio-pci"}));
    host.release({kNic});
    EXPECT_EQ(host.driver_state(), (DriverState{"e1000e", std::nullopt}));
}

TEST(RollbackChain, ReturnsADeviceToTheNativeDriverThatARuleGaveIt) {
    RollbackHost host(unbound_nic());
    host.move({"e1000e"});
    host.move({"vfio-pci"});
    const policy::Transaction back = host.roll_back("");
    EXPECT_EQ(back.result, StepResult::kDone) << back.error;
    EXPECT_EQ(host.driver_state().driver, "e1000e");
}

/// The way back takes it from its native driver: the host may use it by now.
TEST(RollbackChain, RefusesADeviceThatTheHostUsesByNow) {
    RollbackHost host(unbound_nic());
    host.move({"vfio-pci"});
    host.move({"e1000e"});
    host.kernel().change([](fake::KernelState& world) {
        world.uses[pci_id(kNic)] = {
            {sysfs::UseKind::kDefaultRoute, "carries the default route", "eth0"}};
    });
    const auto plan = host.plan_back("");
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->transactions.at(0).verdict, policy::Verdict::kRefused);
    ASSERT_EQ(plan->transactions.at(0).reasons.size(), 1U);
    EXPECT_EQ(plan->transactions.at(0).reasons[0].code, policy::ReasonCode::kDefaultRoute);
}

TEST(RollbackChain, OfVfsGoesBackToTheNumberBefore) {
    fake::Host made;
    made.pci(kNic).nic().group(15).driver("igb").pf(8, 0);
    RollbackHost host(fake::KernelState::from(made));
    const auto want = [&](std::uint32_t count) {
        policy::Change change = host.change(kNic, {});
        change.set_vfs = count;
        host.apply(host.make_plan({change}));
        return host.kernel().state().devices.at(pci_id(kNic)).sriov->enabled;
    };
    ASSERT_EQ(want(2), 2U);
    ASSERT_EQ(want(4), 4U);
    EXPECT_EQ(host.roll_back("").result, StepResult::kDone);
    EXPECT_EQ(host.kernel().state().devices.at(pci_id(kNic)).sriov->enabled, 2U);
    host.release({kNic});
    EXPECT_EQ(host.kernel().state().devices.at(pci_id(kNic)).sriov->enabled, 0U);
}

TEST(RollbackChain, LeavesADeviceThatSomeoneElseHasRebound) {
    RollbackHost host(stub_world());
    host.move({"vfio-pci"});
    host.move({"pci-stub"});
    host.kernel().change(
        [](fake::KernelState& world) { world.devices.at(pci_id(kNic)).driver = "e1000e"; });
    const policy::Transaction back = host.roll_back("");
    EXPECT_NE(back.result, StepResult::kDone);
    EXPECT_NE(back.error.find("is on e1000e, which is not our doing"), std::string::npos)
        << back.error;
    EXPECT_EQ(host.driver_state().driver, "e1000e");
}

TEST(RollbackChain, IsKnownAfterACompactionAndOfEachDeviceForTheNewestFew) {
    RollbackHost host(stub_world());
    std::vector<std::string> txns;
    for (int round = 0; round < 4; ++round)
        for (const char* driver : {"vfio-pci", "pci-stub"})
            txns.push_back(host.move({driver}));
    const JournalState before = host.journal_state();
    EXPECT_EQ(before.undoable.size(), 4U);
    auto opened = Journal::open(host.state());
    ASSERT_TRUE(opened);
    ASSERT_TRUE(opened->journal.compact(before));
    EXPECT_TRUE(host.journal_state().undoable == before.undoable);
    EXPECT_TRUE(host.plan_back(txns.front()));  // the first: a release
    for (const std::size_t forgotten : {1U, 2U, 3U})
        EXPECT_FALSE(host.plan_back(txns.at(forgotten))) << forgotten;
    EXPECT_EQ(host.roll_back(txns.at(5)).result, StepResult::kDone);
    EXPECT_EQ(host.driver_state(), (DriverState{"vfio-pci", "vfio-pci"}));
}

/// A release is a transaction of the history like any other.
class RollbackOfARelease : public ::testing::Test {
  protected:
    /// Returns the id of the newest transaction that can be undone.
    std::string release() {
        const policy::Plan done = host_.release({kNic});
        EXPECT_EQ(done.transactions.at(0).result, StepResult::kDone);
        EXPECT_TRUE(host_.journal_state().bound.empty());
        const auto plan = host_.plan_back("");
        EXPECT_TRUE(plan) << plan.error().text();
        return plan ? plan->transactions.at(0).changes.at(0).rollback : std::string();
    }

    RollbackHost host_{one_nic()};
};

TEST_F(RollbackOfARelease, BindsTheDeviceAgain) {
    const std::string bound = host_.move({"vfio-pci"});
    const ManagedDevice record = host_.journal_state().bound.at(pci_id(kNic));
    const std::string released = release();
    EXPECT_NE(released, bound);
    const auto plan = host_.plan_back(released);
    ASSERT_TRUE(plan);
    EXPECT_EQ(
        words(plan->transactions.at(0).steps),
        (std::vector<std::string>{"set_override 0000:01:00.0 vfio-pci -",
                                  "unbind 0000:01:00.0 e1000e -", "bind 0000:01:00.0 vfio-pci -"}));
    const policy::Transaction back = host_.roll_back(released);
    EXPECT_EQ(back.result, StepResult::kDone) << back.error;
    EXPECT_EQ(words(back.steps),
              (std::vector<std::string>{"set_override 0000:01:00.0 vfio-pci done",
                                        "unbind 0000:01:00.0 e1000e done",
                                        "bind 0000:01:00.0 vfio-pci done"}));
    EXPECT_EQ(host_.driver_state(), (DriverState{"vfio-pci", "vfio-pci"}));
    EXPECT_TRUE(host_.journal_state().bound.at(pci_id(kNic)) == record);
    EXPECT_FALSE(host_.plan_back(released));
    EXPECT_EQ(host_.roll_back(bound).result, StepResult::kDone);
    EXPECT_EQ(host_.driver_state(), (DriverState{"e1000e", std::nullopt}));
}

TEST_F(RollbackOfARelease, IsKnownAfterACompaction) {
    host_.move({"vfio-pci"});
    const std::string released = release();
    auto opened = Journal::open(host_.state());
    ASSERT_TRUE(opened);
    ASSERT_TRUE(opened->journal.compact(host_.journal_state()));
    EXPECT_EQ(host_.roll_back(released).result, StepResult::kDone);
    EXPECT_EQ(host_.driver_state(), (DriverState{"vfio-pci", "vfio-pci"}));
}

TEST_F(RollbackOfARelease, IsForgottenOnceTheDeviceIsBoundAgain) {
    host_.move({"vfio-pci"});
    const std::string released = release();
    host_.move({"vfio-pci"});
    EXPECT_FALSE(host_.plan_back(released));
}

TEST_F(RollbackOfARelease, TakesNothingThatTheHostUsesByNow) {
    host_.move({"vfio-pci"});
    const std::string released = release();
    const auto early = host_.plan_back(released);
    ASSERT_TRUE(early);
    host_.kernel().change([](fake::KernelState& world) {
        world.uses[pci_id(kNic)] = {
            {sysfs::UseKind::kDefaultRoute, "carries the default route", "eth0"}};
    });
    const auto plan = host_.plan_back(released);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->transactions.at(0).verdict, policy::Verdict::kRefused);
    const policy::Transaction late = host_.apply(*early).transactions.at(0);
    EXPECT_EQ(late.error_code, base::Code::kStale) << late.error;
    EXPECT_EQ(host_.driver_state(), (DriverState{"e1000e", std::nullopt}));
}

TEST_F(RollbackOfARelease, IsNothingForADeviceThatIsAnotherByNow) {
    host_.move({"vfio-pci"});
    const std::string released = release();
    host_.kernel().change(
        [](fake::KernelState& world) { world.devices.at(pci_id(kNic)).ids.device = 0x10d4; });
    EXPECT_FALSE(host_.plan_back(released));
    EXPECT_FALSE(host_.plan_back(""));
}

TEST_F(RollbackOfARelease, RefusesADeviceThatARuleProtectsByNow) {
    host_.move({"vfio-pci"});
    auto plan = host_.plan_back(release());
    ASSERT_TRUE(plan);
    const std::vector<policy::SourceFile> files = {
        {"keep.yaml",
         "version: 1\nrules:\n  - name: keep\n    protect: true\n    match: { class: network }\n"}};
    const policy::Parsed parsed = policy::parse_set(files);
    ASSERT_TRUE(parsed.ok());
    check_rebinds(*plan, parsed.set, host_.kernel().state().inventory());
    const policy::Transaction& refused = plan->transactions.at(0);
    EXPECT_EQ(refused.verdict, policy::Verdict::kRefused);
    ASSERT_EQ(refused.reasons.size(), 1U);
    EXPECT_EQ(refused.reasons[0].code, policy::ReasonCode::kProtected);
}

TEST_F(RollbackOfARelease, RefusesAGroupOfWhichTheHostUsesAnotherByNow) {
    host_.move({"vfio-pci"});
    const std::string released = release();
    const auto refusals = [&] {
        auto plan = host_.plan_back(released);
        EXPECT_TRUE(plan);
        check_rebinds(*plan, {}, host_.kernel().state().inventory());
        std::string text;
        for (const policy::Reason& reason : plan->transactions.at(0).reasons)
            text += reason.device.name + " " + policy::reason_name(reason.code) + ": " +
                    reason.text + "\n";
        EXPECT_EQ(plan->transactions.at(0).verdict == policy::Verdict::kRefused, !text.empty());
        return text;
    };
    const auto add_peer = [&](const std::optional<std::string>& driver) {
        host_.kernel().change([&](fake::KernelState& world) {
            sysfs::Device peer = world.devices.at(pci_id(kNic));
            peer.id.name = "0000:01:00.1";
            peer.driver = driver;
            world.devices[peer.id] = peer;
        });
    };
    EXPECT_EQ(refusals(), "");
    add_peer("snd_hda_intel");
    EXPECT_EQ(refusals(),
              "0000:01:00.1 group-not-viable: the group would not be viable: it is bound to "
              "snd_hda_intel, which does DMA for the host\n");
    add_peer("pci-stub");
    EXPECT_EQ(refusals(), "");
}

/// To no driver, and from a native driver that a rule gave it.
TEST(RollbackFromTheHost, NamesItsGoalForTheProtection) {
    RollbackHost host(unbound_nic());
    host.move({"vfio-pci"});
    const auto plan = host.plan_back(host.move({"e1000e"}));
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->transactions.at(0).changes.at(0).target_name(), "vfio-pci");
    EXPECT_TRUE(is_rebind(plan->transactions.at(0).changes.at(0)));
    RollbackHost other(one_nic());
    policy::Change none = other.change(kNic, {});
    none.to = policy::Change::To::kNone;
    other.apply(other.make_plan({none}));
    other.release({kNic});
    const auto back = other.plan_back("");
    ASSERT_TRUE(back);
    EXPECT_EQ(back->transactions.at(0).changes.at(0).target_name(), "none");
}

TEST(RollbackOfAReleaseWithVfs, MakesThemAgain) {
    fake::Host made;
    made.pci(kNic).nic().group(15).driver("igb").pf(8, 0);
    RollbackHost host(fake::KernelState::from(made));
    policy::Change change = host.change(kNic, {});
    change.set_vfs = 3;
    host.apply(host.make_plan({change}));
    host.release({kNic});
    const auto vfs = [&] { return host.kernel().state().devices.at(pci_id(kNic)).sriov->enabled; };
    ASSERT_EQ(vfs(), 0U);
    const policy::Transaction back = host.roll_back("");
    EXPECT_EQ(back.result, StepResult::kDone) << back.error;
    EXPECT_EQ(vfs(), 3U);
    EXPECT_EQ(host.driver_state().driver, "igb");
    host.release({kNic});
    EXPECT_EQ(vfs(), 0U);
}

}  // namespace
}  // namespace binding
