// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/plan.hpp"

#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.hpp"

namespace {

using fake::Host;
using policy_test::kTakeNics;
using policy_test::nic_host;
using policy_test::PolicyFixture;

TEST(Plan, WithoutRulesThereIsNothingToDo) {
    EXPECT_EQ(PolicyFixture(nic_host(), "rules: []").plan(), "");
}

TEST(Plan, MovesADeviceFromItsNativeDriverToVfio) {
    EXPECT_EQ(PolicyFixture(nic_host(), kTakeNics).plan(),
              "group 7: change\n"
              "  load_module 0000:02:00.0 vfio_pci\n"
              "  set_override 0000:02:00.0 vfio-pci\n"
              "  unbind 0000:02:00.0 e1000e\n"
              "  bind 0000:02:00.0 vfio-pci\n");
}

TEST(Plan, DescribesTheChangeForTheExecutor) {
    Host host = nic_host();
    host.with_variants().pci("0000:02:00.0").vendor("1af4", "1041").override_("foreign");
    const PolicyFixture fixture(host,
                                "rules:\n- name: nics\n  match: {class: network}\n  driver: auto\n"
                                "  access: {owner: root, group: kvm, mode: '0660'}\n  check: open");
    const policy::Plan plan = fixture.make_plan();
    ASSERT_EQ(plan.transactions.size(), 1U);
    ASSERT_EQ(plan.transactions[0].changes.size(), 1U);
    const policy::Change& change = plan.transactions[0].changes[0];
    EXPECT_EQ(change.target.id, fake::pci_id("0000:02:00.0"));
    EXPECT_EQ(change.target.identity, fixture.device("0000:02:00.0").identity());
    EXPECT_EQ(change.from_driver, "e1000e");
    EXPECT_EQ(change.from_override, "foreign");
    EXPECT_EQ(change.to, policy::Change::To::kChain);
    EXPECT_EQ(change.candidates.size(), 2U);
    EXPECT_FALSE(change.taken_along);
    EXPECT_EQ(change.rule, "nics");
    EXPECT_EQ(change.where, "p.yaml:2");
    EXPECT_EQ(fixture.plan(),
              "group 7: change\n"
              "  load_module 0000:02:00.0 virtio_vfio_pci\n"
              "  set_override 0000:02:00.0 [virtio_vfio_pci]\n"
              "  unbind 0000:02:00.0 e1000e\n"
              "  bind 0000:02:00.0 [virtio_vfio_pci]\n"
              "  set_access 0000:02:00.0 root:kvm 0660\n"
              "  check_open 0000:02:00.0\n");
}

TEST(Plan, SetsAttributesThatDifferBeforeTheBind) {
    const std::string rules =
        "rules:\n- {name: a, match: {class: network}, driver: vfio-pci, "
        "attrs: {msi_bus: 0, reset_method: bus, power/control: 'on'}}";
    Host host = nic_host();
    host.pci("0000:02:00.0")
        .attr("msi_bus", "1")
        .attr("reset_method", "bus")
        .attr("power/control", "on");
    EXPECT_EQ(PolicyFixture(host, rules).plan(),
              "group 7: change\n"
              "  load_module 0000:02:00.0 vfio_pci\n"
              "  set_override 0000:02:00.0 vfio-pci\n"
              "  unbind 0000:02:00.0 e1000e\n"
              "  set_attr 0000:02:00.0 msi_bus=0\n"
              "  bind 0000:02:00.0 vfio-pci\n"
              "  set_attr 0000:02:00.0 power/control=on\n");
    host.pci("0000:02:00.0").vfio("vfio-pci", "vfio0").override_("vfio-pci");
    EXPECT_EQ(PolicyFixture(host, rules).plan(),
              "group 7: change\n  set_attr 0000:02:00.0 msi_bus=0\n");
    host.pci("0000:02:00.0").attr("msi_bus", "0");
    EXPECT_EQ(PolicyFixture(host, rules).plan(), "group 7: ok\n");
}

TEST(Plan, RefusesAttributesThatTheDeviceCannotHave) {
    const std::string rules =
        "rules:\n- {name: a, match: {class: network}, driver: vfio-pci, attrs: {msi_bus: 0, "
        "resource1_resize: 512M}}";
    Host host = nic_host();
    host.pci("0000:02:00.0")
        .vfio("vfio-pci", "vfio0")
        .override_("vfio-pci")
        .attr("resource1_resize", "0000000000000300")
        .attr("resource", "0x0 0x0 0x0\n0x00000000f0000000 0x00000000ffffffff 0x14220c\n");
    EXPECT_EQ(
        PolicyFixture(host, rules).plan(),
        "group 7: refused\n"
        "  ! driver-denies 0000:02:00.0: has no attribute msi_bus (msi_bus=0)\n"
        "  ! driver-denies 0000:02:00.0: can be given another resource1_resize only on its way "
        "to another driver: release it first (resource1_resize=9)\n");
}

TEST(Plan, RefusesANodeThatIsNotOnlineAndAResetMethodThatTheDeviceLacks) {
    const auto plan_for = [](Host host, const std::string& attrs) {
        host.online_nodes("0-1,4");
        return PolicyFixture(host,
                             "rules: [{name: a, match: {class: network}, driver: vfio-pci, "
                             "attrs: " +
                                 attrs + "}]")
            .plan();
    };
    Host host = nic_host();
    host.pci("0000:02:00.0").attr("numa_node", "0").attr("reset_method", "flr bus");
    EXPECT_EQ(plan_for(host, "{numa_node: 2}"),
              "group 7: refused\n"
              "  ! driver-denies 0000:02:00.0: cannot be on NUMA node 2: online are 0-1,4 "
              "(numa_node=2)\n");
    for (const char* node : {"-1", "1", "4"})
        EXPECT_TRUE(plan_for(host, "{numa_node: " + std::string(node) + "}")
                        .starts_with("group 7: change\n"))
            << node;
    EXPECT_EQ(
        plan_for(host, "{reset_method: bus pm}"),
        "group 7: refused\n"
        "  ! driver-denies 0000:02:00.0: has no reset method pm, but flr bus; where some were "
        "taken out, `echo default` to reset_method lists all (reset_method=bus pm)\n");
    EXPECT_TRUE(plan_for(host, "{reset_method: bus}").starts_with("group 7: change\n"));
    // On its way already: what it lists may be what the rule has left of it.
    host.pci("0000:02:00.0").vfio("vfio-pci", "vfio0").override_("vfio-pci");
    EXPECT_TRUE(plan_for(host, "{reset_method: pm}").starts_with("group 7: change\n"));
}

TEST(Plan, OrdersTransactionsByGroupThenThoseWithout) {
    Host host;
    host.noiommu();
    host.pci("0000:0a:00.0").nic();
    host.pci("0000:09:00.0").nic();
    host.pci("0000:08:00.0").nic().group(12);
    host.pci("0000:07:00.0").nic().group(101);
    const auto plan = PolicyFixture(host, kTakeNics).make_plan();
    std::vector<std::string> keys;
    for (const auto& transaction : plan.transactions)
        keys.push_back(transaction.key());
    EXPECT_EQ(keys, (std::vector<std::string>{"group 12", "group 101", "pci/0000:09:00.0",
                                              "pci/0000:0a:00.0"}));
}

TEST(Plan, LeavesAConflictAsItIsAndNamesBothRules) {
    EXPECT_EQ(PolicyFixture(nic_host(),
                            "rules:\n- {name: a, match: {class: network}, driver: auto}\n"
                            "- {name: b, match: {netdev: eth0}, driver: none}")
                  .plan(),
              "group 7: conflict\n"
              "  ! ambiguous 0000:02:00.0: rule a (p.yaml:2) and rule b (p.yaml:3) ask for "
              "different things at priority 0\n");
}

TEST(Plan, AProtectedDeviceIsNotPlanned) {
    const std::string rules =
        "rules:\n- {name: a, match: {class: network}, driver: auto}\n"
        "- {name: never, match: {netdev: eth0}, protect: true}";
    PolicyFixture fixture(nic_host(), rules);
    EXPECT_EQ(fixture.plan(), "");
    policy::Rule asked;
    asked.name = "bind";
    asked.driver = policy::DriverAction{};
    fixture.ask("0000:02:00.0", asked);
    EXPECT_EQ(fixture.plan(),
              "group 7: refused\n"
              "  ! protected 0000:02:00.0: protected by rule never (p.yaml:3)\n");
}

// Idempotence.

TEST(Plan, ADeviceOnTheWantedDriverIsLeftAlone) {
    Host host = nic_host();
    host.pci("0000:02:00.0").vfio("vfio-pci", "vfio0");
    EXPECT_EQ(PolicyFixture(host, kTakeNics).plan(), "group 7: ok\n");
}

TEST(Plan, ADeviceOnALaterCandidateOfTheChainDoesNotFlap) {
    Host host = nic_host();
    host.with_variants().pci("0000:02:00.0").vendor("1af4", "1041").vfio("vfio-pci");
    EXPECT_EQ(PolicyFixture(host, kTakeNics).plan(), "group 7: ok\n");
}

TEST(Plan, ADeviceBoundThroughIdsWithoutAnOverrideIsBoundAsWanted) {
    Host host = nic_host();
    host.pci("0000:02:00.0").driver("vfio-pci");
    EXPECT_EQ(PolicyFixture(host, kTakeNics).plan(), "group 7: ok\n");
}

TEST(Plan, AVendorsDriverThatProvidesVfioIsLeftAlone) {
    Host host = nic_host();
    host.pci("0000:02:00.0").vfio("nvidia", "vfio1");
    EXPECT_EQ(PolicyFixture(host, kTakeNics).plan(), "group 7: ok\n");
    EXPECT_EQ(
        PolicyFixture(host, "rules: [{name: nics, match: {class: network}, driver: vfio-pci}]")
            .make_plan()
            .transactions.at(0)
            .verdict,
        policy::Verdict::kChange);
}

TEST(Plan, ACorrectOverrideIsNotWrittenAgain) {
    Host host = nic_host();
    host.registered("pci", "vfio-pci", "vfio_pci");
    host.pci("0000:02:00.0").unbound().override_("vfio-pci");
    EXPECT_EQ(PolicyFixture(host, kTakeNics).plan(),
              "group 7: change\n"
              "  bind 0000:02:00.0 vfio-pci\n");
}

TEST(Plan, AForeignOverrideIsReplacedAndRecorded) {
    Host host = nic_host();
    host.registered("pci", "vfio-pci", "vfio_pci");
    host.pci("0000:02:00.0").unbound().override_("uio_pci_generic");
    const PolicyFixture fixture(host, kTakeNics);
    EXPECT_EQ(fixture.plan(),
              "group 7: change\n"
              "  set_override 0000:02:00.0 vfio-pci\n"
              "  bind 0000:02:00.0 vfio-pci\n");
    EXPECT_EQ(fixture.make_plan().transactions[0].changes[0].from_override, "uio_pci_generic");
}

// host and none.

TEST(Plan, NoneUnbindsAndBlocksEveryDriver) {
    EXPECT_EQ(
        PolicyFixture(nic_host(), "rules: [{name: nics, match: {class: network}, driver: none}]")
            .plan(),
        "group 7: change\n"
        "  set_override 0000:02:00.0 none\n"
        "  unbind 0000:02:00.0 e1000e\n");
    Host host = nic_host();
    host.pci("0000:02:00.0").unbound().override_("none");
    EXPECT_EQ(
        PolicyFixture(host, "rules: [{name: nics, match: {class: network}, driver: none}]").plan(),
        "group 7: ok\n");
}

TEST(Plan, HostGivesADeviceBack) {
    const std::string rules = "rules: [{name: h, match: {class: network}, driver: host}]";
    Host host = nic_host();
    EXPECT_EQ(PolicyFixture(host, rules).plan(), "group 7: ok\n");
    host.pci("0000:02:00.0").vfio("vfio-pci");
    EXPECT_EQ(PolicyFixture(host, rules).plan(),
              "group 7: change\n"
              "  clear_override 0000:02:00.0\n"
              "  unbind 0000:02:00.0 vfio-pci\n"
              "  bind 0000:02:00.0\n");
}

TEST(Plan, HostOnlyClearsAnOverrideOfADeviceOnItsNativeDriver) {
    const std::string rules = "rules: [{name: h, match: {class: network}, driver: host}]";
    Host host = nic_host();
    host.pci("0000:02:00.0").override_("vfio-pci");
    EXPECT_EQ(PolicyFixture(host, rules).plan(),
              "group 7: change\n"
              "  clear_override 0000:02:00.0\n");
}

TEST(Plan, HostLeavesAForeignNativeOverrideAndAnUnboundDeviceAlone) {
    const std::string rules = "rules: [{name: h, match: {class: network}, driver: host}]";
    Host host = nic_host();
    host.pci("0000:02:00.0").override_("e1000e");
    EXPECT_EQ(PolicyFixture(host, rules).plan(),
              "group 7: ok\n"
              "  . 0000:02:00.0 keeps the override e1000e, which bindd has not set\n");
    Host bare;
    bare.pci("0000:02:00.0").nic().group(7);
    EXPECT_EQ(PolicyFixture(bare, rules).plan(), "group 7: ok\n");
}

}  // namespace
