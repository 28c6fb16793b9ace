// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/devices_in_use.hpp"

#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.hpp"

namespace {

using fake::Host;
using policy_test::PolicyFixture;
using sysfs::UseKind;

constexpr const char* kTakeAll =
    "rules: [{name: all, match: {class: [display, multimedia, network]}, driver: auto}]";

Host gpu_and_nic() {
    Host host;
    host.pci("0000:01:00.0").gpu().group(15).driver("nouveau");
    host.pci("0000:01:00.1").audio().group(15).driver("snd_hda_intel");
    host.pci("0000:02:00.0").nic().group(7).driver("e1000e");
    return host;
}

std::vector<std::string> in_use(const Host& host, const std::string& yaml) {
    const PolicyFixture fixture(host, yaml);
    std::vector<std::string> lines;
    for (const policy::DeviceInUse& each :
         policy::devices_in_use(fixture.make_plan(), fixture.inventory))
        lines.push_back(each.device.display() + " " + policy::reason_name(each.reason) + " " +
                        each.evidence);
    return lines;
}

using Lines = std::vector<std::string>;

TEST(DevicesInUse, AreAllThoseOfATransactionThatAUseRefuses) {
    Host host = gpu_and_nic();
    host.used("0000:01:00.0", UseKind::kConsole, "shows the console", "fb0");
    EXPECT_EQ(in_use(host, kTakeAll),
              (Lines{"0000:01:00.0 console fb0", "0000:01:00.1 console 0000:01:00.0: fb0"}));
}

TEST(DevicesInUse, CountForEveryKindOfUse) {
    for (int kind = 0; kind <= static_cast<int>(UseKind::kUnknown); ++kind) {
        Host host = gpu_and_nic();
        host.used("0000:02:00.0", static_cast<UseKind>(kind), "is used", "");
        EXPECT_EQ(in_use(host, kTakeAll),
                  Lines{std::string("0000:02:00.0 ") +
                        sysfs::use_kind_name(static_cast<UseKind>(kind)) + " is used"});
    }
}

TEST(DevicesInUse, AreNoneThatAreRefusedForAnotherReasonThatAreAllowedOrThatNoRuleWants) {
    Host host = gpu_and_nic();
    EXPECT_EQ(in_use(host, "rules: [{name: g, match: {class: network}, driver: no-such}]"),
              Lines{});
    host.used("0000:02:00.0", UseKind::kAddressed, "has an address", "10.0.0.2/24");
    EXPECT_EQ(in_use(host, "rules: []"), Lines{});
    EXPECT_EQ(in_use(host,
                     "rules: [{name: nics, match: {class: network}, driver: auto, "
                     "in_use: {allow: [addressed]}}]"),
              Lines{});
}

TEST(DevicesInUse, AreKeptWhereTheyStillAre) {
    Host host = gpu_and_nic();
    host.used("0000:02:00.0", UseKind::kDefaultRoute, "a route", "default via 10.0.0.1 dev eth0");
    const PolicyFixture fixture(host, kTakeAll);
    const auto listed = policy::devices_in_use(fixture.make_plan(), fixture.inventory);
    const std::map<sysfs::DeviceId, std::string> sentences{
        {fake::pci_id("0000:02:00.0"),
         "0000:02:00.0: the host used it when the policies were last applied (default-route: "
         "default via 10.0.0.1 dev eth0): decided later"}};
    EXPECT_EQ(policy::kept_for_host(listed, fixture.inventory), sentences);
    Host other;
    other.pci("0000:02:00.0").gpu().group(7);
    EXPECT_TRUE(policy::kept_for_host(listed, other.inventory()).empty());
    EXPECT_TRUE(policy::kept_for_host(listed, Host().inventory()).empty());
}

}  // namespace
