// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "policy/decide/decide.hpp"
#include "tests/unit/policy/policy_fixture.hpp"

namespace {

using fake::Host;
using policy_test::PolicyFixture;

constexpr const char* kNicOne = "0000:01:00.0";
constexpr const char* kNicTwo = "0000:02:00.0";
constexpr const char* kNicThree = "0000:03:00.0";
constexpr const char* kTake =
    "- {name: take, match: {netdev: 'ens*'}, driver: vfio-pci, limit: 1}\n";

/// Network cards, of which the second is bound and has lost its interface by that.
Host host_with_second_bound() {
    Host host;
    host.pci(kNicOne).nic().group(1).driver("e1000e").netdev("ens1");
    host.pci(kNicTwo).nic().group(2).driver("vfio-pci").numa(1);
    host.pci(kNicThree).nic().group(3).driver("e1000e").netdev("ens3");
    return host;
}

using Records = std::map<const char*, const char*>;  ///< device to the rule that has bound it

/// "take - -": the rule that each device is to follow.
std::string winners(const Host& host, const std::string& rules, const Records& records) {
    const PolicyFixture fixture(host, "rules:\n" + rules);
    policy::BoundRules bound;
    for (const auto& [address, rule] : records)
        bound.emplace(fake::pci_id(address), policy::BoundRule{.rule = rule, .driver = "vfio-pci"});
    const auto decisions =
        policy::decide(fixture.set, fixture.inventory, fixture.drivers, {}, bound);
    std::string out;
    for (const char* address : {kNicOne, kNicTwo, kNicThree}) {
        const auto* decision = policy::find_decision(decisions, fake::pci_id(address));
        const bool has_rule = decision != nullptr && decision->rule != nullptr;
        out += (out.empty() ? "" : " ") + (has_rule ? decision->rule->name : "-");
    }
    return out;
}

TEST(Limit, ADeviceThatIsBoundCountsFirst) {
    EXPECT_EQ(winners(host_with_second_bound(), kTake, {{kNicTwo, "take"}}), "- take -");
    EXPECT_EQ(winners(host_with_second_bound(), kTake, {{kNicTwo, "another"}}), "take - -");
}

TEST(Limit, ADeviceThatIsProtectedSinceItIsBoundCounts) {
    EXPECT_EQ(
        winners(host_with_second_bound(),
                std::string(kTake) + "- {name: keep, match: {driver: 'vfio*'}, protect: true}\n",
                {{kNicTwo, "take"}}),
        "- keep -");
}

TEST(Limit, ADeviceThatIsInConflictSinceItIsBoundCounts) {
    EXPECT_EQ(winners(host_with_second_bound(),
                      std::string(kTake) + "- {name: other, match: {address: '" + kNicTwo +
                          "'}, driver: none}\n",
                      {{kNicTwo, "take"}}),
              "- take -");
}

TEST(Limit, ABetterRuleThatMatchesSinceTheDeviceIsBoundDoesNotTakeItOver) {
    EXPECT_EQ(
        winners(host_with_second_bound(),
                std::string(kTake) +
                    "- {name: access, priority: 10, match: {driver: 'vfio*'}, driver: auto}\n",
                {{kNicTwo, "take"}}),
        "- take -");
}

TEST(Limit, ABetterRuleThatMatchesInAnyCaseTakesTheDeviceOver) {
    EXPECT_EQ(winners(host_with_second_bound(),
                      std::string(kTake) + "- {name: better, priority: 10, match: {address: '" +
                          kNicTwo + "'}, driver: auto}\n",
                      {{kNicTwo, "take"}}),
              "take better -");
}

TEST(Limit, ADeviceOfAnotherRuleDoesNotTakeThePlaceOfOneThatIsBound) {
    const std::string rules =
        "- {name: best, priority: 10, match: {class: network}, driver: vfio-pci, limit: 1}\n"
        "- {name: rest, match: {class: network}, driver: none, limit: 1}\n";
    EXPECT_EQ(winners(host_with_second_bound(), rules, {{kNicOne, "rest"}, {kNicTwo, "best"}}),
              "rest best -");
}

TEST(Limit, ARuleThatMovesTheDeviceToAnotherNodeKeepsIt) {
    Host host;
    host.pci(kNicOne).nic().group(1).driver("e1000e").numa(0);
    host.pci(kNicTwo).nic().group(2).driver("vfio-pci").numa(1);
    host.pci(kNicThree).nic().group(3).driver("e1000e").numa(0);
    const auto rule = [](const std::string& attrs) {
        return "- {name: take, match: {numa_node: 0}, driver: vfio-pci" + attrs + ", limit: 1}\n";
    };
    EXPECT_EQ(winners(host, rule(", attrs: {numa_node: 1}"), {{kNicTwo, "take"}}), "- take -");
    EXPECT_EQ(winners(host, rule(""), {{kNicTwo, "take"}}), "take - -");
}

}  // namespace
