// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/early_boot.hpp"

#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.hpp"

namespace {

using policy_test::PolicyFixture;

/// Three NICs and a disk before any driver, and a NIC whose driver is built in.
fake::Host early_host() {
    fake::Host host;
    host.pci("0000:01:00.0").nic().group(1);
    host.pci("0000:02:00.0").nic().group(2);
    host.pci("0000:03:00.0").nic().group(3).driver("e1000e").netdev("eth0");
    host.pci("0000:04:00.0").nvme().group(4);
    return host;
}

/// The undecided devices, each with the rule that it depends on.
std::string undecided(const std::string& yaml) {
    const PolicyFixture fixture(early_host(), yaml);
    std::string out;
    for (const auto& [id, why] :
         policy::undecided_early(fixture.set, fixture.decisions, fixture.inventory)) {
        EXPECT_EQ(why.find(id.display() + ": rule "), 0U) << why;
        const std::size_t rule = why.find("rule ") + 5;
        out += id.name.substr(5, 2) + " " + why.substr(rule, why.find(' ', rule) - rule) + "\n";
    }
    return out;
}

constexpr const char* kNics = "rules: [{name: nics, match: {class: network}, driver: auto}";

TEST(EarlyBoot, DecidesWhatTheKernelAloneTells) {
    EXPECT_EQ(undecided(std::string(kNics) + "]"), "");
    EXPECT_EQ(undecided("rules: [{name: r, match: {vendor: \"8086\", is_vf: false, not: {boot_vga: "
                        "true}}, driver: auto}]"),
              "");
}

// Otherwise the NIC of the host's connection would get an override before it has the name that
// protects it.
TEST(EarlyBoot, LeavesWhatARuleMayProtectByTheNameOfAnInterface) {
    EXPECT_EQ(
        undecided(std::string(kNics) + ", {name: lan, match: {netdev: eth7}, protect: true}]"),
        "01 lan\n02 lan\n");
}

TEST(EarlyBoot, IgnoresInterfacesOfADisk) {
    EXPECT_EQ(undecided("rules: [{name: disks, match: {class: storage}, driver: auto},"
                        " {name: lan, match: {netdev: eth7}, protect: true}]"),
              "01 lan\n02 lan\n");
}

TEST(EarlyBoot, LeavesWhatARuleMatchesOnlyWithoutADriver) {
    EXPECT_EQ(
        undecided("rules: [{name: idle, match: {class: storage, driver: none}, driver: auto}]"),
        "04 idle\n");
    EXPECT_EQ(
        undecided(
            "rules: [{name: others, match: {class: network, not: {netdev: eth0}}, driver: auto}]"),
        "01 others\n02 others\n");
}

TEST(EarlyBoot, LeavesWhatAnEqualOrHigherRuleMayChange) {
    const std::string host =
        ", {name: host, priority: PRIORITY, match: {property: {ID_X: \"1\"}}, driver: host}]";
    const auto with = [&](const std::string& priority) {
        std::string rule = host;
        return std::string(kNics) + rule.replace(rule.find("PRIORITY"), 8, priority);
    };
    EXPECT_EQ(undecided(with("0")), "01 host\n02 host\n03 host\n04 host\n");
    EXPECT_EQ(undecided(with("1")), "01 host\n02 host\n03 host\n04 host\n");
    EXPECT_EQ(undecided(with("-1")), "04 host\n");
}

TEST(EarlyBoot, IgnoresARuleWithTheSameAction) {
    EXPECT_EQ(undecided(std::string(kNics) +
                        ", {name: again, match: {class: network, driver: ixgbe}, driver: auto}]"),
              "");
}

// The second device depends on whether the first one counts.
TEST(EarlyBoot, LeavesAllDevicesOfALimitThatAnUndecidedOneMayReach) {
    EXPECT_EQ(
        undecided("rules: [{name: one, match: {class: network}, limit: 1, driver: auto},"
                  " {name: lan, match: {address: \"0000:01:00.0\", netdev: eth7}, protect: true}]"),
        "01 lan\n02 one\n03 one\n");
}

}  // namespace
