// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/policy_warnings.hpp"

#include <gtest/gtest.h>

#include "policy/decide/contradiction.hpp"
#include "tests/unit/policy/policy_fixture.hpp"

namespace {

using policy_test::PolicyFixture;

fake::Host host() {
    fake::Host host;
    host.pci("0000:01:00.0").gpu().group(1).boot_vga();
    host.pci("0000:02:00.0").nic().group(2).driver("e1000e");
    return host;
}

std::string warnings(const PolicyFixture& fixture) {
    std::string out;
    for (const policy::Diagnostic& each : policy::policy_warnings(
             fixture.set, fixture.inventory, fixture.drivers, fixture.decisions))
        out += std::to_string(each.where.line) + ": " + each.text +
               (each.hint.empty() ? "" : " [" + each.hint + "]") + "\n";
    return out;
}

std::string warnings(const std::string& rules) {
    return warnings(PolicyFixture(host(), "rules:\n" + rules));
}

std::string contradiction(const std::string& match) {
    const auto set =
        policy_test::policies("rules: [{name: r, match: " + match + ", driver: auto}]");
    const auto found = policy::find_contradiction(set.rules.front().match);
    return found ? found->text : "";
}

bool implies(const std::string& narrow, const std::string& wide) {
    const auto set =
        policy_test::policies("rules: [{name: a, match: " + narrow +
                              ", driver: auto}, {name: b, match: " + wide + ", driver: auto}]");
    return policy::implies(set.rules.at(0).match, set.rules.at(1).match);
}

TEST(PolicyWarnings, AreNoneWhereEachRuleDecides) {
    EXPECT_EQ(warnings("- {name: gpu, match: {class: display}, driver: auto}\n"
                       "- {name: nic, match: {class: network}, driver: vfio-pci}\n"),
              "");
}

TEST(PolicyWarnings, NameARuleThatMatchesNoDeviceAndTheKeyThatDiffers) {
    EXPECT_EQ(warnings("- {name: far, match: {address: '0000:99:00.0'}, driver: auto}\n"
                       "- {name: near, match: {vendor: '8086', device: '10d4'}, driver: auto}\n"
                       "- {name: guard, match: {class: storage}, protect: true}\n"),
              "2: rule 'far' matches no device here\n"
              "3: rule 'near' matches no device here; of 0000:02:00.0 only device differs: it "
              "wants 10d4, has 10d3\n"
              "4: rule 'guard' matches no device here\n");
}

TEST(PolicyWarnings, NameTheKeysOfARuleThatCanNeverMatch) {
    EXPECT_EQ(warnings("- {name: odd, match: {is_vf: true, is_pf: true}, driver: auto}\n"),
              "2: rule 'odd' can never match: is_vf: true excludes is_pf: true\n");
}

TEST(PolicyWarnings, NameTheRuleThatComesFirst) {
    EXPECT_EQ(warnings("- {name: all, priority: 5, match: {class: [network, display]}, driver: "
                       "auto}\n"
                       "- {name: nic, match: {class: network, vendor: '8086'}, driver: host}\n"),
              "3: rule 'nic' never decides: rule all (p.yaml:2) comes first for every device that "
              "it matches\n");
    EXPECT_EQ(warnings("- {name: one, priority: 5, match: {address: '0000:02:*'}, driver: auto}\n"
                       "- {name: nic, match: {class: network}, driver: host}\n"),
              "3: rule 'nic' decides for no device here: for 0000:02:00.0 another comes first: "
              "rule one (p.yaml:2)\n");
    EXPECT_EQ(warnings("- {name: guard, match: {vendor: '8086'}, protect: true}\n"
                       "- {name: nic, priority: 9, match: {vendor: '8086', class: network}, "
                       "driver: host}\n"),
              "3: rule 'nic' never decides: rule guard (p.yaml:2) comes first for every device "
              "that it matches\n");
    EXPECT_EQ(warnings("- {name: guard, match: {class: network}, protect: true}\n"
                       "- {name: also, match: {vendor: '8086'}, protect: true}\n"),
              "")
        << "what is protected twice is no mistake";
}

TEST(PolicyWarnings, AreNotOfRulesInConflict) {
    EXPECT_EQ(warnings("- {name: a, match: {class: network}, driver: auto}\n"
                       "- {name: b, match: {class: network}, driver: host}\n"),
              "");
}

TEST(PolicyWarnings, NameADriverThatNoModuleProvides) {
    EXPECT_EQ(warnings("- {name: nic, match: {class: network}, driver: [vfio-pcl, auto]}\n"),
              "2: rule 'nic' names the driver vfio-pcl, which cannot be used here: this kernel has "
              "no driver vfio-pcl [did you mean vfio-pci?]\n");
    EXPECT_EQ(warnings(PolicyFixture(
                  host(),
                  "rules: [{name: nic, match: {class: network}, driver: auto}]\n"
                  "variants:\n"
                  "- {name: used, match: {vendor: '8086'}, drivers: [no-such-vfio]}\n"
                  "- {name: other, match: {vendor: '10de'}, drivers: [neither-vfio]}\n")),
              "3: variant 'used' names the driver no-such-vfio, which cannot be used here: this "
              "kernel has no driver no-such-vfio\n");
}

TEST(PolicyWarnings, AreNotOfVfsThatARuleIsToMake) {
    fake::Host with_pf;
    with_pf.pci("0000:05:00.0").nic().group(5).driver("igb").pf(4, 0);
    const std::string vfs = "- {name: vfs, match: {is_vf: true}, driver: auto}\n";
    const PolicyFixture made(
        with_pf, "rules:\n" + vfs + "- {name: pf, match: {is_pf: true}, sriov: {vfs: 2}}\n");
    EXPECT_EQ(warnings(made), "");
    EXPECT_EQ(warnings(PolicyFixture(with_pf, "rules:\n" + vfs)),
              "2: rule 'vfs' matches no device here\n");
}

TEST(Contradiction, IsFoundInEveryKindOfMatch) {
    for (const char* match : {
             "{is_vf: true, is_pf: true}",
             "{is_vf: false, vf: 2}",
             "{is_pf: true, pf: {vendor: '8086'}}",
             "{pf: {is_vf: true}}",
             "{bus: platform, is_vf: true}",
             "{bus: platform, boot_vga: true}",
             "{class: network, boot_vga: true}",
             "{driver: none, netdev: eth0}",
             "{vendor: '10de', not: {vendor: '10de'}}",
             "{vendor: ['10de', '8086'], not: {any: [{vendor: '10de'}, {vendor: '8086'}]}}",
             "{class: '0302xx', not: {class: display}}",
             "{vf: 1-2, not: {vf: 0-3}}",
             "{address: '0000:01:*', not: {address: '0000:*'}}",
             "{all: [{class: network}, {class: '03xxxx'}]}",
             "{all: [{kernel: '>=6.8'}, {kernel: '<6.8'}]}",
             "{kernel: '6.12', not: {kernel: '>=6'}}",
             "{all: [{address: '0000:01:00.0'}, {address: '0000:02:*'}]}",
             "{all: [{path: 'a/*'}, {path: 'b/*'}]}",
             "{all: [{vf: 0-3}, {vf: 4}]}",
             "{all: [{property: {A: one}}, {property: {A: two}}]}",
             "{vendor: '10de', any: [{vendor: '8086'}, {vendor: '1af4', class: network}]}",
             "{vendor: '10de', not: {not: {vendor: '8086'}}}",
             "{driver: nouveau, not: {driver: 'n*'}}",
         })
        EXPECT_NE(contradiction(match), "") << match;
}

TEST(Contradiction, IsNotClaimedWhereADeviceMayMatch) {
    for (const char* match : {
             "{vendor: ['10de', '8086'], not: {vendor: '10de'}}",
             "{all: [{netdev: eth0}, {netdev: eth1}]}",
             "{is_vf: true, vf: 0-3, pf: {is_pf: true, netdev: eth0}}",
             "{class: display, boot_vga: true}",
             "{class: '0001xx', boot_vga: true}",
             "{all: [{kernel: '>=6.8'}, {kernel: '6.8'}]}",
             "{kernel: ['>=6.8', '<5'], not: {kernel: '6.8'}}",
             "{all: [{address: '*:01:00.0'}, {address: '0000:*'}]}",
             "{all: [{class: display}, {class: '0302xx'}]}",
             "{any: [{bus: platform}, {is_vf: true}]}",
             "{bus: [platform, pci], is_pf: true}",
             "{not: {vendor: '10de', class: display}, vendor: '10de'}",
             "{driver: '*', not: {driver: none}}",
             "{vendor: '10de', not: {not: {vendor: '10de'}}}",
             "{property: {A: one, B: two}}",
         })
        EXPECT_EQ(contradiction(match), "") << match;
}

TEST(Contradiction, SearchHasAnEnd) {
    std::string lists;
    for (int key = 0; key < 30; ++key)
        lists += (lists.empty() ? "K" : ", K") + std::to_string(key) + ": [a, b, c, d]";
    EXPECT_EQ(contradiction("{property: {" + lists + "}, not: {property: {K29: z}}}"), "");
    EXPECT_EQ(contradiction("{property: {" + lists + "}, any: [{vf: 1, is_pf: true}]}"), "")
        << "too many ways to try: not claimed";
    EXPECT_NE(contradiction("{property: {" + lists + "}, vendor: '10de', not: {vendor: '10de'}}"),
              "");
}

TEST(Implies, HoldsForANarrowerMatch) {
    EXPECT_TRUE(implies("{vendor: '10de', class: '0302xx'}", "{class: display}"));
    EXPECT_TRUE(implies("{vendor: ['10de']}", "{vendor: ['8086', '10de']}"));
    EXPECT_TRUE(implies("{vf: 1}", "{is_vf: true}"));
    EXPECT_TRUE(
        implies("{any: [{vendor: '10de'}, {vendor: '8086'}]}", "{vendor: ['8086', '10de']}"));
    EXPECT_TRUE(implies("{vendor: '8086'}", "{not: {vendor: '10de'}}"));
    EXPECT_FALSE(implies("{class: display}", "{class: '0302xx'}"));
    EXPECT_FALSE(implies("{vendor: ['10de', '8086']}", "{vendor: '10de'}"));
    EXPECT_FALSE(implies("{bus: platform, driver: x}", "{driver: x}"));
    EXPECT_FALSE(implies("{netdev: 'eth*'}", "{netdev: eth0}"));
}

}  // namespace
