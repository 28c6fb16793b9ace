// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/decide.hpp"

#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.hpp"

namespace {

using fake::Host;
using policy_test::PolicyFixture;

constexpr const char* kFirst = "0000:01:00.0";
constexpr const char* kSecond = "0000:02:00.0";
constexpr const char* kThird = "0000:0a:00.0";

/// Identical GPUs, in natural order.
Host three_gpus() {
    Host host;
    host.pci(kFirst).gpu().group(1).slot("1").boot_vga();
    host.pci(kSecond).gpu().group(2).slot("2");
    host.pci(kThird).gpu().group(3).slot("3");
    return host;
}

TEST(Decide, WithoutARuleADeviceIsUnmanaged) {
    const PolicyFixture fixture(three_gpus(),
                                "rules: [{name: r, match: {class: storage}, driver: auto}]");
    EXPECT_EQ(fixture.decided(kFirst), "unmanaged: no rule matches");
    EXPECT_EQ(fixture.decisions.size(), 3U);
}

TEST(Decide, VariantsTakeNothingByThemselves) {
    const PolicyFixture fixture(
        three_gpus(), "variants: [{name: v, match: {class: display}, drivers: [vfio-pci]}]");
    EXPECT_EQ(fixture.decided(kFirst), "unmanaged: no rule matches");
}

TEST(Decide, AMatchingProtectRuleWinsAlways) {
    const PolicyFixture fixture(
        three_gpus(),
        "rules:\n"
        "- {name: take, priority: 100, match: {class: display}, driver: auto}\n"
        "- {name: never, priority: -5, match: {slot: '1'}, protect: true}");
    EXPECT_EQ(fixture.decided(kFirst), "protected never: protected by rule never (p.yaml:3)");
    EXPECT_EQ(fixture.decided(kSecond), "wanted take: rule take (p.yaml:2)");
}

TEST(Decide, TheHighestPriorityWins) {
    const PolicyFixture fixture(three_gpus(),
                                "rules:\n"
                                "- {name: low, match: {class: display}, driver: host}\n"
                                "- {name: high, priority: 1, match: {slot: '2'}, driver: none}");
    EXPECT_EQ(fixture.decided(kFirst), "wanted low: rule low (p.yaml:2)");
    EXPECT_EQ(fixture.decided(kSecond), "wanted high: rule high (p.yaml:3)");
}

TEST(Decide, TwoRulesOfOnePriorityWithDifferentActionsAreAConflict) {
    const PolicyFixture fixture(three_gpus(),
                                "rules:\n"
                                "- {name: a, match: {class: display}, driver: auto}\n"
                                "- {name: b, match: {slot: '2'}, driver: none}");
    EXPECT_EQ(fixture.decided(kFirst), "wanted a: rule a (p.yaml:2)");
    EXPECT_EQ(fixture.decided(kSecond),
              "conflict a: rule a (p.yaml:2) and rule b (p.yaml:3) ask for different things at "
              "priority 0");
    ASSERT_EQ(fixture.decision(kSecond).conflicting_rules.size(), 2U);
    EXPECT_EQ(fixture.decision(kSecond).conflicting_rules[0]->name, "a");
    EXPECT_EQ(fixture.decision(kSecond).conflicting_rules[1]->name, "b");
}

TEST(Decide, TwoRulesWithTheSameActionAreNoConflict) {
    const PolicyFixture fixture(
        three_gpus(),
        "rules:\n"
        "- {name: a, match: {class: display}, driver: auto, in_use: {allow: [console, mounted]}}\n"
        "- {name: b, match: {slot: '2'}, driver: auto, in_use: {allow: [mounted, console]}}");
    EXPECT_EQ(fixture.decided(kSecond), "wanted a: rule a (p.yaml:2)");
}

TEST(Decide, EveryDifferenceOfTheActionsIsAConflict) {
    for (const char* other :
         {"driver: [auto]\n  group: whole", "driver: auto\n  check: open",
          "driver: auto\n  drift: restore", "driver: auto\n  access: {group: kvm}",
          "driver: auto\n  in_use: {allow: [console]}", "driver: auto\n  sriov: {vfs: 2}",
          "driver: auto\n  group: [{class: multimedia}]", "driver: [vfio-pci]"}) {
        const PolicyFixture fixture(three_gpus(),
                                    std::string("rules:\n- name: a\n  match: {slot: '1'}\n  "
                                                "driver: auto\n- name: b\n  match: {slot: "
                                                "'1'}\n  ") +
                                        other);
        EXPECT_EQ(fixture.decision(kFirst).outcome, policy::DecisionOutcome::kConflict) << other;
    }
}

TEST(Decide, AConflictBelowTheHighestPriorityDoesNotMatter) {
    const PolicyFixture fixture(three_gpus(),
                                "rules:\n"
                                "- {name: a, match: {slot: '1'}, driver: auto}\n"
                                "- {name: b, match: {slot: '1'}, driver: none}\n"
                                "- {name: c, priority: 1, match: {slot: '1'}, driver: host}");
    EXPECT_EQ(fixture.decided(kFirst), "wanted c: rule c (p.yaml:4)");
}

TEST(Decide, LimitSelectsTheLowestAddressesFirst) {
    const PolicyFixture fixture(
        three_gpus(), "rules: [{name: r, match: {class: display}, driver: auto, limit: 2}]");
    EXPECT_EQ(fixture.decided(kFirst), "wanted r: rule r (p.yaml:1)");
    EXPECT_EQ(fixture.decided(kSecond), "wanted r: rule r (p.yaml:1)");
    EXPECT_EQ(fixture.decided(kThird),
              "unmanaged: rule r (p.yaml:1): limit 2 used up by 0000:01:00.0, 0000:02:00.0");
}

TEST(Decide, PastALimitTheNextBestRuleWins) {
    const PolicyFixture fixture(
        three_gpus(),
        "rules:\n"
        "- {name: one, priority: 9, match: {class: display}, driver: auto, limit: 1}\n"
        "- {name: rest, match: {class: display}, driver: host}");
    EXPECT_EQ(fixture.decided(kFirst), "wanted one: rule one (p.yaml:2)");
    EXPECT_EQ(fixture.decided(kSecond),
              "wanted rest: rule rest (p.yaml:3); rule one (p.yaml:2): limit 1 used up by "
              "0000:01:00.0");
}

TEST(Decide, ProtectedAndConflictingDevicesUseUpNoLimit) {
    const PolicyFixture fixture(three_gpus(),
                                "rules:\n"
                                "- {name: one, match: {class: display}, driver: auto, limit: 1}\n"
                                "- {name: never, match: {slot: '1'}, protect: true}\n"
                                "- {name: rival, match: {slot: '2'}, driver: none}");
    EXPECT_EQ(fixture.decision(kFirst).outcome, policy::DecisionOutcome::kProtected);
    EXPECT_EQ(fixture.decision(kSecond).outcome, policy::DecisionOutcome::kConflict);
    EXPECT_EQ(fixture.decided(kThird), "wanted one: rule one (p.yaml:2)");
}

TEST(Decide, ARuleBeyondItsLimitIsInNoConflict) {
    const PolicyFixture fixture(three_gpus(),
                                "rules:\n"
                                "- {name: one, match: {class: display}, driver: auto, limit: 1}\n"
                                "- {name: rest, match: {not: {slot: '1'}}, driver: none}");
    EXPECT_EQ(fixture.decision(kFirst).outcome, policy::DecisionOutcome::kWanted);
    EXPECT_EQ(fixture.decided(kSecond),
              "wanted rest: rule rest (p.yaml:3); rule one (p.yaml:2): limit 1 used up by "
              "0000:01:00.0");
}

TEST(Decide, TellsTwoIdenticalDevicesApartByPathAndSlot) {
    Host host;
    host.pci("0000:00:01.0").bridge();
    host.pci("0000:00:02.0").bridge();
    host.pci(kFirst).gpu().behind(host.pci("0000:00:01.0").device()).slot("1");
    host.pci(kSecond).gpu().behind(host.pci("0000:00:02.0").device()).slot("2");
    const PolicyFixture fixture(
        host,
        "rules:\n"
        "- {name: by-path, match: {path: 'pci0000:00/02.0/00.0'}, driver: auto}\n"
        "- {name: by-slot, match: {slot: '1'}, driver: none}");
    EXPECT_EQ(fixture.decided(kFirst), "wanted by-slot: rule by-slot (p.yaml:3)");
    EXPECT_EQ(fixture.decided(kSecond), "wanted by-path: rule by-path (p.yaml:2)");
}

TEST(Decide, VfsAreMatchedByRulesOfTheirOwn) {
    Host host;
    host.pci("0000:03:00.0").nic().netdev("ens1").pf(8, 2).driver("igb");
    host.pci("0000:03:10.0").nic().vf_of("0000:03:00.0", 0);
    host.pci("0000:03:10.2").nic().vf_of("0000:03:00.0", 1);
    const PolicyFixture fixture(
        host,
        "rules:\n"
        "- {name: pf, match: {netdev: ens1}, sriov: {vfs: 2}}\n"
        "- {name: vfs, match: {pf: {netdev: ens1}, vf: '1-7'}, driver: auto}");
    EXPECT_EQ(fixture.decided("0000:03:00.0"), "wanted pf: rule pf (p.yaml:2)");
    EXPECT_EQ(fixture.decided("0000:03:10.0"), "unmanaged: no rule matches");
    EXPECT_EQ(fixture.decided("0000:03:10.2"), "wanted vfs: rule vfs (p.yaml:3)");
}

TEST(Decide, ARequestWinsOverRulesAndLimits) {
    PolicyFixture fixture(
        three_gpus(),
        "rules:\n"
        "- {name: one, priority: 9, match: {class: display}, driver: auto, limit: 1}\n"
        "- {name: a, match: {class: display}, driver: none}\n"
        "- {name: b, match: {class: display}, driver: host}");
    policy::Rule asked;
    asked.name = "bind";
    asked.driver = policy::DriverAction{};
    fixture.ask(kThird, asked);
    EXPECT_EQ(fixture.decided(kThird), "wanted bind: requested by the user");
    EXPECT_EQ(fixture.decided(kFirst), "wanted one: rule one (p.yaml:2)");
}

TEST(Decide, ARequestDoesNotWinOverProtect) {
    PolicyFixture fixture(three_gpus(),
                          "rules: [{name: never, match: {class: display}, protect: true}]");
    policy::Rule asked;
    asked.name = "bind";
    fixture.ask(kFirst, asked);
    EXPECT_EQ(fixture.decided(kFirst), "protected never: protected by rule never (p.yaml:1)");
    EXPECT_EQ(fixture.decision(kFirst).refused, &asked);
    EXPECT_EQ(fixture.decision(kSecond).refused, nullptr);
}

TEST(Decide, AChainThatIsAmbiguousIsAConflict) {
    Host host = three_gpus();
    host.alias("vfio_pci:v000010DEd*sv*sd*bc*sc*i*", "one_vfio_pci");
    host.alias("vfio_pci:v000010DEd*sv*sd*bc*sc*i*", "two_vfio_pci");
    const PolicyFixture fixture(host, "rules: [{name: r, match: {slot: '1'}, driver: auto}]");
    EXPECT_EQ(fixture.decided(kFirst),
              "conflict r: the module one_vfio_pci (alias vfio_pci:v000010DEd*sv*sd*bc*sc*i*) and "
              "the module two_vfio_pci (alias vfio_pci:v000010DEd*sv*sd*bc*sc*i*) claim the device "
              "equally well; a variant that names one would rank them");
}

/// The index may exclude a rule only when it cannot match: every way of naming a device must find
/// it.
TEST(DecideIndex, LeavesOutNoRuleThatMatches) {
    Host host;
    host.pci("0000:03:00.0").nic().pf(8, 1);
    host.pci("0000:03:10.0").nvme().vf_of("0000:03:00.0", 0);
    const auto inventory = host.inventory();
    const auto drivers = host.drivers();
    for (const char* match :
         {"{address: '0000:03:10.0'}", "{address: ['0000:09:00.0', '0000:03:10.0']}",
          "{address: '0000:03:1*'}", "{vendor: '144d'}", "{device: 'a808'}",
          "{vendor: '144d', device: 'a808'}",
          "{vendor: ['8086', '144d'], device: ['1234', 'a808']}", "{class: storage}",
          "{class: '0108xx'}", "{class: ['0300xx', 'xx08xx']}", "{pf: {address: '0000:03:00.0'}}",
          "{pf: {vendor: '8086'}, vf: 0}", "{any: [{address: '0000:09:00.0'}, {class: storage}]}",
          "{any: [{vendor: '144d'}, {driver: nvme}]}", "{all: [{vendor: '144d'}, {is_vf: true}]}",
          "{not: {class: network}}"}) {
        const auto set = policy_test::policies(
            std::string("rules: [{name: r, driver: auto, match: ") + match + "}]");
        const auto decisions = policy::decide(set, inventory, drivers);
        EXPECT_EQ(decisions.at(fake::pci_id("0000:03:10.0")).outcome,
                  policy::DecisionOutcome::kWanted)
            << match;
        EXPECT_EQ(decisions.at(fake::pci_id("0000:03:00.0")).outcome,
                  policy::DecisionOutcome::kUnmanaged)
            << match;
    }
}

TEST(DecideTrace, ShowsEveryRuleInFileOrder) {
    const PolicyFixture fixture(three_gpus(),
                                "rules:\n"
                                "- {name: a, match: {slot: '2'}, driver: auto}\n"
                                "- {name: b, priority: 3, match: {class: display}, protect: true}");
    const auto traces = policy::trace_rules(fixture.set, fixture.device(kFirst), fixture.inventory);
    ASSERT_EQ(traces.size(), 2U);
    EXPECT_EQ(traces[0].rule->name, "a");
    EXPECT_FALSE(traces[0].matched);
    EXPECT_EQ(traces[0].fields, (std::vector<policy::FieldResult>{{"slot", "2", "1", false}}));
    EXPECT_EQ(traces[1].rule->name, "b");
    EXPECT_TRUE(traces[1].matched);
    EXPECT_EQ(traces[1].fields,
              (std::vector<policy::FieldResult>{{"class", "display", "030000", true}}));
}

}  // namespace
