// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/udev/udev_rules.hpp"

#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.hpp"

namespace {

fake::Host host() {
    fake::Host host;
    host.with_variants();
    return host;
}

policy::UdevRules make_rules(const std::string& yaml) {
    const auto set = policy_test::policies(yaml);
    return policy::udev_rules(set, host().drivers(), host().inventory().host);
}

/// The lines of the rules themselves: what is the same in every file is asserted once.
std::string make_rules_body(const std::string& yaml) {
    const std::string text = make_rules(yaml).text;
    constexpr std::string_view kLast = "TEST!=\"iommu_group\", GOTO=\"bindd_end\"\n";
    const std::size_t begin = text.find(kLast) + kLast.size();
    return text.substr(begin, text.find("GOTO=\"bindd_end\"\n\nLABEL=\"bindd_arm\"") - begin);
}

TEST(UdevRules, AreAFileThatArmsWhatNobodyHas) {
    const policy::UdevRules rules = make_rules(
        "rules: [{name: nic, match: {vendor: \"8086\", device: [\"10d3\", \"10d4\"]}, driver: "
        "vfio-pci}]");
    EXPECT_EQ(
        rules.text,
        R"x(# Made from the policies by bindd; see bindd(8). It is written anew with them: do not edit.
ACTION!="add", IMPORT{db}="BINDD_OVERRIDE"
ACTION!="add", GOTO="bindd_end"
SUBSYSTEM!="pci", GOTO="bindd_end"
# Somebody has it already, or has said who shall.
DRIVER=="?*", GOTO="bindd_end"
ATTR{driver_override}!="(null)", GOTO="bindd_end"
# Bridges are never given away, and without an IOMMU group VFIO has no use for a device.
ATTR{class}=="0x0604*", GOTO="bindd_end"
TEST!="iommu_group", GOTO="bindd_end"

ENV{.BINDD_ASK}=""
# rule nic (p.yaml:1), priority 0
ATTR{vendor}=="0x8086", ATTR{device}=="0x10d3|0x10d4", ENV{.BINDD_1}="1"
ENV{.BINDD_1}=="1", ENV{.BINDD_ASK}=="", ENV{.BINDD_ASK}="0"
ENV{.BINDD_1}=="1", ENV{.BINDD_ASK}!="0", GOTO="bindd_end"
ENV{.BINDD_ASK}=="0", ENV{BINDD_OVERRIDE}="vfio-pci", GOTO="bindd_arm"
GOTO="bindd_end"

LABEL="bindd_arm"
ENV{BINDD_OVERRIDE}=="?*", ATTR{driver_override}="$env{BINDD_OVERRIDE}"
LABEL="bindd_end"
)x");
    EXPECT_TRUE(rules.unsupported.empty());
}

TEST(UdevRules, ProtectFirstAndThenGoFromTheHighestPriorityDown) {
    EXPECT_EQ(make_rules_body(R"(rules:
  - { name: low, match: { class: network }, driver: none }
  - { name: high, priority: 5, match: { address: "0000:0?:00.0", not: { boot_vga: true } }, driver: host }
  - { name: disks, match: { class: ["storage", "0c03xx"] }, protect: true }
)"),
              R"(
# rule disks (p.yaml:4) protects
ATTR{class}=="0x01????|0x0c03??", ENV{.BINDD_1}="1"
ENV{.BINDD_1}=="1", GOTO="bindd_end"

ENV{.BINDD_ASK}=""
# rule high (p.yaml:3), priority 5
ATTR{boot_vga}=="1", ENV{.BINDD_2}="1"
KERNEL=="0000:0?:00.0", ENV{.BINDD_2}!="1", ENV{.BINDD_3}="1"
ENV{.BINDD_3}=="1", ENV{.BINDD_ASK}=="", ENV{.BINDD_ASK}="0"
ENV{.BINDD_3}=="1", ENV{.BINDD_ASK}!="0", GOTO="bindd_end"
ENV{.BINDD_ASK}=="0", GOTO="bindd_end"

ENV{.BINDD_ASK}=""
# rule low (p.yaml:2), priority 0
ATTR{class}=="0x02????", ENV{.BINDD_4}="1"
ENV{.BINDD_4}=="1", ENV{.BINDD_ASK}=="", ENV{.BINDD_ASK}="0"
ENV{.BINDD_4}=="1", ENV{.BINDD_ASK}!="0", GOTO="bindd_end"
ENV{.BINDD_ASK}=="0", ENV{BINDD_OVERRIDE}="none", GOTO="bindd_arm"
)");
}

TEST(UdevRules, LeaveADeviceAloneWhenTwoRulesDisagree) {
    EXPECT_EQ(make_rules_body(R"(rules:
  - { name: a, match: { vendor: "8086" }, driver: none }
  - { name: b, match: { device: "10d3" }, driver: vfio-pci }
  - { name: c, match: { revision: "01" }, driver: none }
)"),
              R"(
ENV{.BINDD_ASK}=""
# rule a (p.yaml:2), priority 0
ATTR{vendor}=="0x8086", ENV{.BINDD_1}="1"
ENV{.BINDD_1}=="1", ENV{.BINDD_ASK}=="", ENV{.BINDD_ASK}="0"
ENV{.BINDD_1}=="1", ENV{.BINDD_ASK}!="0", GOTO="bindd_end"
# rule b (p.yaml:3), priority 0
ATTR{device}=="0x10d3", ENV{.BINDD_2}="1"
ENV{.BINDD_2}=="1", ENV{.BINDD_ASK}=="", ENV{.BINDD_ASK}="1"
ENV{.BINDD_2}=="1", ENV{.BINDD_ASK}!="1", GOTO="bindd_end"
# rule c (p.yaml:4), priority 0
ATTR{revision}=="0x01", ENV{.BINDD_3}="1"
ENV{.BINDD_3}=="1", ENV{.BINDD_ASK}=="", ENV{.BINDD_ASK}="0"
ENV{.BINDD_3}=="1", ENV{.BINDD_ASK}!="0", GOTO="bindd_end"
ENV{.BINDD_ASK}=="0", ENV{BINDD_OVERRIDE}="none", GOTO="bindd_arm"
ENV{.BINDD_ASK}=="1", ENV{BINDD_OVERRIDE}="vfio-pci", GOTO="bindd_arm"
)");
}

// A module that is not loaded does not tell its driver's name; its own keeps the native driver off
// as well.
TEST(UdevRules, SayWhatAutoIsFromTheLeastTellingAliasToTheVariantsOfThePolicies) {
    EXPECT_EQ(make_rules_body(R"(variants:
  - { name: net, match: { class: network, any: [{ vendor: "15b3" }, { is_vf: true }] }, drivers: [no-such, vfio-pci] }
rules: [{ name: all, match: { kernel: ">=6.1", arch: x86_64, bus: pci }, driver: [no-such, auto] }]
)"),
              R"(
# auto
ENV{.BINDD_AUTO}=""
ENV{.BINDD_AUTO}="vfio-pci"
ENV{MODALIAS}=="pci:v00001AF4d00001041sv*sd*bc*sc*i*", ENV{.BINDD_AUTO}="virtio_vfio_pci"
ENV{MODALIAS}=="pci:v000015B3d0000101Esv*sd*bc*sc*i*", ENV{.BINDD_AUTO}="mlx5_vfio_pci"
# variant net
ATTR{vendor}=="0x15b3", ENV{.BINDD_3}="1"
ENV{.BINDD_3}=="1", ENV{.BINDD_2}="1"
TEST=="physfn", ENV{.BINDD_4}="1"
ENV{.BINDD_4}=="1", ENV{.BINDD_2}="1"
ATTR{class}=="0x02????", ENV{.BINDD_2}=="1", ENV{.BINDD_5}="1"
ENV{.BINDD_5}=="1", ENV{.BINDD_AUTO}="vfio-pci"

ENV{.BINDD_ASK}=""
# rule all (p.yaml:3), priority 0
ENV{.BINDD_1}="1"
ENV{.BINDD_1}=="1", ENV{.BINDD_ASK}=="", ENV{.BINDD_ASK}="0"
ENV{.BINDD_1}=="1", ENV{.BINDD_ASK}!="0", GOTO="bindd_end"
ENV{.BINDD_ASK}=="0", ENV{BINDD_OVERRIDE}="$env{.BINDD_AUTO}", GOTO="bindd_arm"
)");
}

// What udev cannot tell never arms a device that the policies might want otherwise.
TEST(UdevRules, LeaveToTheDaemonWhatUdevCannotTellAndSaySo) {
    const std::string yaml = R"(rules:
  - { name: lan, match: { class: network, netdev: "eth*" }, protect: true }
  - { name: other, match: { not: { serial: "1", vendor: "8086" } }, driver: vfio-pci }
  - { name: some, priority: 1, match: { vendor: "8086" }, limit: 2, driver: vfio-pci }
  - { name: odd, match: { modalias: "pci:v\"*" }, driver: vfio-pci }
  - { name: without, match: { vendor: "1000" }, driver: no-such }
)";
    EXPECT_EQ(
        make_rules(yaml).unsupported,
        (std::vector<std::string>{"rule lan (p.yaml:2): udev cannot tell netdev",
                                  "rule some (p.yaml:4): its limit counts all devices of the host",
                                  "rule other (p.yaml:3): udev cannot tell serial",
                                  "rule odd (p.yaml:5): udev cannot tell modalias",
                                  "rule without (p.yaml:6): there is no driver of its chain"}));
    EXPECT_EQ(make_rules_body(yaml), R"(
# rule lan (p.yaml:2) protects
ATTR{class}=="0x02????", ENV{.BINDD_1}="1"
ENV{.BINDD_1}=="1", GOTO="bindd_end"

ENV{.BINDD_ASK}=""
# rule some (p.yaml:4), priority 1
ATTR{vendor}=="0x8086", ENV{.BINDD_2}="1"
ENV{.BINDD_2}=="1", GOTO="bindd_end"

ENV{.BINDD_ASK}=""
# rule other (p.yaml:3), priority 0
ENV{.BINDD_3}!="1", ENV{.BINDD_4}="1"
ENV{.BINDD_4}=="1", GOTO="bindd_end"
# rule odd (p.yaml:5), priority 0
ENV{.BINDD_5}="1"
ENV{.BINDD_5}=="1", GOTO="bindd_end"
# rule without (p.yaml:6), priority 0
ATTR{vendor}=="0x1000", ENV{.BINDD_6}="1"
ENV{.BINDD_6}=="1", GOTO="bindd_end"
)");
    const std::string text = make_rules(yaml).text;
    EXPECT_NE(text.find("# left to the daemon: rule lan (p.yaml:2): udev cannot tell netdev\n"),
              text.npos)
        << text;
}

TEST(UdevRules, SpeakOfPciDevicesOnly) {
    EXPECT_EQ(make_rules_body("rules: [{name: r, match: {bus: platform}, driver: none}]"), R"(
ENV{.BINDD_ASK}=""
# rule r (p.yaml:1), priority 0
ENV{.BINDD_1}=="1", ENV{.BINDD_ASK}=="", ENV{.BINDD_ASK}="0"
ENV{.BINDD_1}=="1", ENV{.BINDD_ASK}!="0", GOTO="bindd_end"
ENV{.BINDD_ASK}=="0", ENV{BINDD_OVERRIDE}="none", GOTO="bindd_arm"
)");
}

}  // namespace
