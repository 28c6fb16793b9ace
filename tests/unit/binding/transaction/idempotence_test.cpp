// SPDX-License-Identifier: LGPL-2.1-or-later
// A plan that was carried out leaves nothing to do, for a rule with any key of the language: also
// for keys that binding changes, and for a rule with a limit, which would take one more device each
// time.
#include <gtest/gtest.h>

#include <algorithm>

#include "policy/model/match_fields.hpp"
#include "policy/plan/assessment.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "tests/unit/binding/test_host.hpp"

namespace binding {
namespace {

using fake::Host;

constexpr const char* kFirst = "0000:02:00.0";
constexpr const char* kSecond = "0000:03:00.0";
constexpr const char* kVf = "0000:03:10.0";

/// Two equal network cards, each a PF with a VF, and an mdev parent.
fake::KernelState two_of_each() {
    Host host;
    int group = 10;
    for (const char* nic : {kFirst, kSecond}) {
        const std::string name = nic;
        const std::string vf = name.substr(0, 8) + "10.0";
        host.pci(nic).nic().group(group++).driver("e1000e").pf(4, 1).netdev("ens" +
                                                                            name.substr(6, 1));
        host.pci(vf).nic().group(group++).driver("igbvf").vf_of(nic, 0).netdev("vf" +
                                                                               name.substr(6, 1));
        for (const std::string& one : {name, vf})
            host.pci(one)
                .attr("enable", "1")
                .attr("numa_node", "0")
                .property("DRIVER", "e1000e")
                .property("ID_PATH", "pci-" + one)
                .subsystem("8086", "a01f")
                .revision("01")
                .serial("1234")
                .slot("3")
                .numa(0);
    }
    fake::KernelState world = fake::KernelState::from(host);
    world.host.arch = "x86_64";
    return world;
}

/// Attributes and properties as the kernel shows them for the present driver.
void update_facts(fake::FakeKernel& kernel) {
    kernel.change([](fake::KernelState& world) {
        for (auto& [id, device] : world.devices) {
            const bool native = device.driver == "igbvf" || device.driver == "e1000e";
            device.attrs["enable"] = native ? "1" : "0";
            device.mdev_parent_name = native ? id.name : "";
            device.attrs["sriov_numvfs"] =
                device.sriov ? std::to_string(device.sriov->enabled) : "";
            device.properties["DRIVER"] = device.driver.value_or("");
        }
    });
}

/// One run of `vfioctl apply`: how many devices the plan changes.
std::size_t apply_once(TestHost& test, const std::string& rules) {
    update_facts(test.kernel());
    policy::Assessment assessment;
    const std::vector<policy::SourceFile> sources = {{"p.yaml", "version: 1\n" + rules + "\n"}};
    auto parsed = policy::parse_set(sources);
    EXPECT_TRUE(parsed.ok()) << policy::render(parsed.diagnostics);
    assessment.policies = std::move(parsed.set);
    assessment.inventory = *test.kernel().inventory({});
    assessment.drivers = *test.kernel().drivers({});
    assessment.bound_rules = test.journal_state().rules(assessment.inventory);
    assessment.decide();
    assessment.make_plan();
    std::size_t changes = 0;
    for (const policy::Transaction& transaction : assessment.plan.transactions) {
        for (const policy::Reason& reason : transaction.reasons)
            ADD_FAILURE() << rules << ": " << reason.text;
        changes += transaction.devices.size() *
                   (transaction.verdict == policy::Verdict::kChange ? 1U : 0U);
    }
    for (const policy::Transaction& done : test.apply(assessment.take_plan()).transactions)
        EXPECT_EQ(done.error, "") << rules;
    return changes;
}

TEST(Idempotence, ARuleWithALimitKeepsItsDeviceWhateverKeyItMatchesBy) {
    const std::vector<std::string> matches = {
        "bus: pci",
        "address: '0000:0?:10.0'",
        "vendor: '8086'",
        "device: '10d3'",
        "subsystem_vendor: '8086'",
        "subsystem_device: 'a01f'",
        "class: network",
        "revision: '01'",
        "driver: igb*",
        "modalias: 'pci:*'",
        "path: '*'",
        "slot: '3'",
        "numa_node: 0",
        "iommu_group: [11, 13]",
        "is_vf: true",
        "is_pf: false",
        "vf: 0",
        "netdev: 'vf*'",
        "serial: '1234'",
        "any: [{boot_vga: true}, {driver: igbvf}]",
        "arch: x86_64",
        "kernel: '>=1.0'",
        "property: {DRIVER: igbvf, ID_PATH: 'pci-*'}",
        "attr: {numa_node: '0', enable: '1'}",
        "mdev_parent: '0000:*'",
        "pf: {driver: e1000e}",
        "pf: {netdev: 'ens*'}",
        "not: {driver: 'vfio*'}",
        "not: {attr: {enable: '0'}}",
        "all: [{netdev: 'vf*'}, {not: {driver: vfio-pci}}]",
    };
    for (const std::string_view key : policy::match_keys())
        EXPECT_TRUE(std::any_of(matches.begin(), matches.end(), [&](const std::string& match) {
            return match.find(std::string(key) + ":") != std::string::npos;
        })) << key;
    for (const std::string& match : matches)
        for (const char* driver : {"vfio-pci", "none"}) {
            SCOPED_TRACE(match + " " + driver);
            TestHost test(two_of_each());
            const std::string rules = "rules: [{name: one, match: {all: [{is_vf: true}, {" + match +
                                      "}]}, driver: " + driver + ", limit: 1}]";
            EXPECT_EQ(apply_once(test, rules), 1U);
            EXPECT_EQ(apply_once(test, rules), 0U);
        }
}

TEST(Idempotence, ARuleThatReturnsDevicesToTheHostKeepsItsLimit) {
    TestHost test(two_of_each());
    (void)apply_once(test, "rules: [{name: all, match: {is_vf: true}, driver: vfio-pci}]");
    const std::string rules =
        "rules: [{name: back, match: {driver: vfio-pci}, driver: host, limit: 1}]";
    EXPECT_EQ(apply_once(test, rules), 1U);
    EXPECT_EQ(apply_once(test, rules), 0U);
}

TEST(Idempotence, ARuleThatMakesVfsKeepsItsLimit) {
    TestHost test(two_of_each());
    const std::string rules =
        "rules: [{name: vfs, match: {is_pf: true, attr: {sriov_numvfs: '1'}}, sriov: {vfs: 2}, "
        "limit: 1}]";
    EXPECT_EQ(apply_once(test, rules), 1U);
    EXPECT_EQ(apply_once(test, rules), 0U);
}

TEST(Idempotence, OfTwoRulesWhoseMatchesBindingSwapsTheFirstStays) {
    const std::string low = "{name: low, match: {netdev: 'vf*'}, driver: vfio-pci}";
    for (const char* other : {"{name: tie, match: {driver: vfio-pci}, driver: host}",
                              "{name: lower, priority: -1, match: {is_vf: true}, driver: host}"}) {
        TestHost test(two_of_each());
        const std::string rules = "rules: [" + low + ", " + other + "]";
        EXPECT_EQ(apply_once(test, rules), 2U);
        EXPECT_EQ(apply_once(test, rules), 0U);
    }
    // One that wins by its priority takes effect once.
    TestHost test(two_of_each());
    const std::string rules =
        "rules: [" + low + ", {name: high, priority: 1, match: {driver: vfio-pci}, driver: host}]";
    EXPECT_EQ(apply_once(test, rules), 2U);
    EXPECT_EQ(apply_once(test, rules), 2U);
    EXPECT_EQ(apply_once(test, rules), 0U);
}

TEST(Idempotence, ADeviceLeavesItsRuleWhenAnUnchangingKeyFails) {
    TestHost test(two_of_each());
    (void)apply_once(test, "rules: [{name: one, match: {netdev: 'vf2'}, driver: vfio-pci}]");
    (void)apply_once(test,
                     "rules: [{name: one, match: {netdev: 'vf*', address: '0000:03:*'}, driver: "
                     "vfio-pci, limit: 1}]");
    EXPECT_EQ(test.driver_states().at(kVf).driver, "vfio-pci");
}

TEST(Idempotence, AReleasedDeviceNoLongerCounts) {
    TestHost test(two_of_each());
    const std::string rules =
        "rules: [{name: one, match: {netdev: 'vf*'}, driver: vfio-pci, limit: 1}]";
    (void)apply_once(test, rules);
    test.release({"0000:02:10.0"});
    EXPECT_TRUE(test.journal_state().rules(test.kernel().state().inventory()).empty());
}

/// The peers go with the device that they were taken along for, whatever its rule says now.
TEST(Idempotence, PeersThatWereTakenAlongReturnWhenNoRuleNeedsThemOnVfio) {
    for (const char* driver : {"host", "none", "pci-stub"}) {
        fake::KernelState world = group_of_three();
        world.module_brings("pci_stub", "pci-stub", {});
        TestHost test(world);
        const DriverStates before = test.driver_states();
        const std::string first = before.begin()->first;
        const std::string match = "rules: [{name: lead, match: {address: '" + first + "'}, ";
        EXPECT_EQ(apply_once(test, match + "driver: vfio-pci, group: whole}]"), 3U);
        EXPECT_EQ(apply_once(test, match + "driver: " + driver + "}]"), 3U) << driver;
        DriverStates after = test.driver_states();
        if (std::string(driver) != "host")
            after[first] = before.at(first);
        EXPECT_EQ(after, before) << driver;
        EXPECT_EQ(apply_once(test, match + "driver: " + driver + "}]"), 0U) << driver;
    }
}

}  // namespace
}  // namespace binding
