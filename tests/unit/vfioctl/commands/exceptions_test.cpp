// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/unit/vfioctl/harness/cli_harness.hpp"

/// What someone did beside the policies: each command that shows states says so.
namespace tests {
namespace {

using Json = nlohmann::json;

constexpr const char* kNothingWanted = "version: 1\nrules: []\n";
constexpr const char* kNicWanted =
    "version: 1\n"
    "rules: [{ name: nic, match: { vendor: \"8086\" }, driver: auto }]\n";
constexpr const char* kAddress = "0000:01:00.0";

fake::KernelState one_nic() {
    fake::Host host;
    host.pci(kAddress).nic().group(15).driver("e1000e");
    return fake::KernelState::from(host);
}

/// "state, note: reason" as `list` and `plan` have it, which must be the same, as text and as JSON.
std::string shown(CliHarness& cli) {
    Json listed = Json::parse(cli.run("list --json").out)["devices"][0];
    listed.emplace("note", nullptr);
    const Json planned = Json::parse(cli.run("plan --json").out).value("exceptions", Json::array());
    const std::string state =
        listed["state"].get<std::string>() +
        (listed["note"].is_null() ? "" : ", " + listed["note"].get<std::string>());
    std::string all =
        state + (listed["reason"].is_null() ? "" : ": " + listed["reason"].get<std::string>());
    // The note is said once.
    if (const std::size_t twice = all.find("drift: drift: "); twice != std::string::npos)
        all.erase(twice, std::string("drift: ").size());
    EXPECT_NE(cli.run("list").out.find(" " + state + "\n"), std::string::npos)
        << cli.run("list").out;
    EXPECT_NE(cli.run("show 01:00.0").out.find(state + "\n"), std::string::npos);
    if (listed["note"].is_null()) {
        EXPECT_EQ(planned, Json::array());
        return all;
    }
    EXPECT_EQ(planned[0], (Json{{"device", kAddress},
                                {"state", listed["state"]},
                                {"note", listed["note"]},
                                {"reason", listed["reason"]}}));
    EXPECT_NE(cli.run("plan").out.find(std::string(kAddress) + ": " + all + "\n"),
              std::string::npos);
    EXPECT_NE(cli.run("doctor").out.find(std::string(kAddress) + " " + all), std::string::npos);
    return all;
}

void write_policy(CliHarness& cli, const char* text) {
    std::ofstream(cli.path() + "/policy.yaml") << text;
}

TEST(Exceptions, AreNoneOfADeviceThatNobodyTouched) {
    CliHarness cli(one_nic(), kNothingWanted);
    EXPECT_EQ(shown(cli), "unmanaged");
    write_policy(cli, kNicWanted);
    EXPECT_EQ(shown(cli), "pending: not applied yet");
    ASSERT_EQ(cli.run("apply").status, 0);
    EXPECT_EQ(shown(cli), "bound");
}

TEST(Exceptions, NameABindingManually) {
    CliHarness cli(one_nic(), kNothingWanted);
    ASSERT_EQ(cli.run("bind 01:00.0").status, 0);
    EXPECT_EQ(shown(cli), "unmanaged, manual: bound manually; `vfioctl release` undoes it");
    ASSERT_EQ(cli.run("release 01:00.0").status, 0);
    EXPECT_EQ(shown(cli), "unmanaged");
}

TEST(Exceptions, NameABindingManuallyThatARuleWantsOtherwise) {
    CliHarness cli(
        one_nic(),
        "version: 1\nrules: [{ name: nic, match: { vendor: \"8086\" }, driver: host }]\n");
    ASSERT_EQ(cli.run("bind 01:00.0").status, 0);
    EXPECT_EQ(shown(cli),
              "pending, manual: bound manually; `vfioctl apply` follows the policies again");
}

TEST(Exceptions, NameABindingWhoseRuleIsGone) {
    CliHarness cli(one_nic(), kNicWanted);
    ASSERT_EQ(cli.run("apply").status, 0);
    write_policy(cli, kNothingWanted);
    EXPECT_EQ(shown(cli), "unmanaged, rule-gone: rule nic (" + cli.path() +
                              "/policy.yaml:2) has bound it and is gone or matches it no longer; "
                              "`vfioctl release` returns it");
}

TEST(Exceptions, NameWhatWasReleasedManually) {
    CliHarness cli(one_nic(), kNicWanted);
    ASSERT_EQ(cli.run("apply").status, 0);
    ASSERT_EQ(cli.run("release 01:00.0").status, 0);
    EXPECT_EQ(shown(cli), "pending, released: released manually; `vfioctl apply` binds it again");
    ASSERT_EQ(cli.run("apply").status, 0);
    EXPECT_EQ(shown(cli), "bound");
}

TEST(FormerNetdev, StillNamesItsDevice) {
    fake::Host host;
    host.pci(kAddress).nic().group(15).driver("e1000e").netdev("eth0");
    CliHarness cli(fake::KernelState::from(host), kNothingWanted);
    ASSERT_EQ(cli.run("bind eth0").status, 0);
    ASSERT_EQ(cli.run("bind eth0 --driver none").status, 0) << "of the first binding's record";
    EXPECT_EQ(cli.run("show eth0").status, 0);
    EXPECT_EQ(cli.run("release eth1").status, 5);
    const CommandOutput released = cli.run("release eth0");
    EXPECT_EQ(released.status, 0) << released.err;
    EXPECT_EQ(cli.driver_state(kAddress), "e1000e");
}

TEST(Exceptions, NameDrift) {
    CliHarness cli(one_nic(), kNicWanted);
    ASSERT_EQ(cli.run("apply").status, 0);
    const auto rebind = [&](std::optional<std::string> driver) {
        cli.kernel().change([&](fake::KernelState& state) {
            state.devices.at(fake::pci_id(kAddress)).driver = driver;
            state.devices.at(fake::pci_id(kAddress)).vfio.reset();
        });
    };
    rebind({});
    EXPECT_EQ(shown(cli), "pending, drift: unbound outside bindd; `vfioctl apply` binds it again");
    rebind("e1000e");
    EXPECT_EQ(shown(cli),
              "pending, drift: rebound to e1000e outside bindd; `vfioctl apply` binds it again");
    ASSERT_EQ(cli.run("apply").status, 0);
    EXPECT_EQ(shown(cli), "bound");
}

}  // namespace
}  // namespace tests
