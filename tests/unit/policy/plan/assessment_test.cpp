// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/assessment.hpp"

#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.hpp"

namespace {

using policy::Assessment;

constexpr const char* kNic = "0000:02:00.0";

Assessment assess(const fake::Host& host, const std::string& yaml) {
    Assessment assessment;
    assessment.policies = policy_test::policies(yaml);
    assessment.inventory = host.inventory();
    assessment.drivers = host.drivers();
    assessment.usage = host.usage();
    assessment.decide();
    assessment.make_plan();
    return assessment;
}

TEST(Assessment, DecidesAndPlans) {
    fake::Host host = policy_test::nic_host();
    host.pci("0000:03:00.0").group(8).driver("ahci");
    const Assessment assessment = assess(host, policy_test::kTakeNics);
    const sysfs::DeviceId nic = fake::pci_id(kNic);
    ASSERT_NE(assessment.decision(nic), nullptr);
    EXPECT_EQ(assessment.decision(nic)->rule, &assessment.policies.rules.front());
    EXPECT_EQ(assessment.devices_changing_driver(), std::vector{nic});
    EXPECT_EQ(assessment.transaction(nic), &assessment.plan.transactions.front());
    EXPECT_EQ(assessment.transaction(fake::pci_id("0000:03:00.0")), nullptr);
}

TEST(Assessment, FindsNoTransactionOnceThePlanIsTaken) {
    Assessment assessment = assess(policy_test::nic_host(), policy_test::kTakeNics);
    EXPECT_EQ(assessment.take_plan().transactions.size(), 1U);
    EXPECT_EQ(assessment.transaction(fake::pci_id(kNic)), nullptr);
    EXPECT_TRUE(assessment.plan.transactions.empty());
}

// What driverctl has set before bindd comes back with the host's driver, and the plan says so.
TEST(Assessment, PlansTheReturnOfAForeignOverride) {
    fake::Host host = policy_test::nic_host();
    host.pci(kNic).vfio("vfio-pci", "vfio0").override_("vfio-pci");
    Assessment assessment =
        assess(host, "rules: [{name: back, match: {class: network}, driver: host}]");
    assessment.bound_rules[fake::pci_id(kNic)] = {
        .rule = "nic", .driver = "vfio-pci", .before_override = "e1000e"};
    assessment.make_plan();
    const policy::Transaction& transaction = assessment.plan.transactions.front();
    ASSERT_FALSE(transaction.steps.empty());
    EXPECT_EQ(transaction.steps.front().op, policy::Op::kSetOverride);
    EXPECT_EQ(transaction.steps.front().value, "e1000e");
    EXPECT_EQ(transaction.notes,
              std::vector<std::string>{
                  "0000:02:00.0 gets back the override e1000e, which bindd has not set"});
}

TEST(Assessment, NamesAGroupByItsNumberAndADeviceWithoutOneByItself) {
    fake::Host host = policy_test::nic_host();
    host.pci("0000:02:00.1").group(7);
    host.pci("0000:04:00.0");
    const Assessment assessment = assess(host, policy_test::kTakeNics);
    const sysfs::DeviceId alone = fake::pci_id("0000:04:00.0");
    EXPECT_EQ(assessment.group_key(fake::pci_id("0000:02:00.1")), "group 7");
    EXPECT_EQ(assessment.group_key(alone), "pci/0000:04:00.0");
    EXPECT_EQ(assessment.group_key(assessment.plan.transactions.front()), "group 7");
    EXPECT_EQ(assessment.members("group 7"),
              (std::vector{fake::pci_id(kNic), fake::pci_id("0000:02:00.1")}));
    EXPECT_EQ(assessment.members("pci/0000:04:00.0"), std::vector{alone});
    EXPECT_EQ(assessment.members("pci/0000:05:00.0"), std::vector<sysfs::DeviceId>{});
    EXPECT_EQ(assessment.members("group 9"), std::vector<sysfs::DeviceId>{});
    EXPECT_EQ(assessment.members("group x"), std::vector<sysfs::DeviceId>{});
}

TEST(Assessment, GivesATransactionThatChangesNoDriverTheKeyOfItsDevice) {
    fake::Host host;
    host.pci(kNic).nic().group(7).driver("e1000e").pf(4, 0);
    const Assessment assessment =
        assess(host, "rules: [{name: vfs, match: {class: network}, sriov: {vfs: 2}}]");
    const policy::Transaction& transaction = assessment.plan.transactions.front();
    EXPECT_EQ(transaction.key(), "pci/0000:02:00.0");
    EXPECT_EQ(assessment.group_key(transaction), "group 7");
}

}  // namespace
