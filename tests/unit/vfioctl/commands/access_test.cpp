// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/vfioctl/harness/cli_harness.hpp"

/// `access` of a rule for nodes that exist already: after a change of the rule or of the node.
namespace tests {
namespace {

const std::string kNic = "0000:01:00.0";

fake::KernelState bound_nic() {
    fake::Host host;
    host.pci(kNic).nic().group(15).vfio("vfio-pci", "vfio0");
    return fake::KernelState::from(host);
}

fake::KernelState free_nic() {
    fake::Host host;
    host.pci(kNic).nic().group(15).driver("e1000e");
    return fake::KernelState::from(host);
}

std::string policy(const std::string& access) {
    return "version: 1\nrules:\n  - name: nic\n    match: { vendor: \"8086\" }\n    driver: "
           "vfio-pci\n" +
           (access.empty() ? "" : "    access: { " + access + " }\n");
}

using AccessByNode = std::map<std::string, sysfs::NodeAccess>;

TEST(Access, IsSetRightOnADeviceThatOthersBoundAndTakenBack) {
    CliHarness cli(bound_nic(), policy("owner: 0, group: 4242, mode: \"0660\""));
    const CommandOutput planned = cli.run("plan --detailed-exitcode");
    EXPECT_EQ(planned.status, 10) << planned.out;
    EXPECT_NE(planned.out.find("    set_access  0000:01:00.0  0:4242 0660\n"), std::string::npos)
        << planned.out;
    EXPECT_EQ(planned.out.find("bind "), std::string::npos) << planned.out;
    EXPECT_EQ(cli.run("apply").status, 0);
    EXPECT_EQ(cli.kernel().state().access,
              (AccessByNode{{"15", {0, 4242, 0660}}, {"devices/vfio0", {0, 4242, 0660}}}));
    const unsigned writes = cli.kernel().state().writes;
    EXPECT_EQ(cli.run("plan --detailed-exitcode").status, 0);
    EXPECT_EQ(cli.run("apply").status, 0);
    EXPECT_EQ(cli.kernel().state().writes, writes);
    const CommandOutput released = cli.run("release 01:00.0");
    EXPECT_EQ(released.status, 0) << released.out << released.err;
    EXPECT_EQ(cli.kernel().state().access,
              (AccessByNode{{"15", {0, 0, 0600}}, {"devices/vfio0", {0, 0, 0600}}}));
    EXPECT_EQ(cli.driver_state(kNic), "vfio-pci (vfio-pci)");
}

TEST(Access, ThatAnEventHasResetIsSetAgain) {
    CliHarness cli(free_nic(), policy("group: 4242, mode: \"0660\""));
    EXPECT_EQ(cli.run("apply").status, 0);
    EXPECT_EQ(cli.run("plan --detailed-exitcode").status, 0);
    cli.kernel().change([](fake::KernelState& world) { world.access["15"] = {0, 0, 0600}; });
    EXPECT_EQ(cli.run("plan --detailed-exitcode").status, 10);
    EXPECT_EQ(cli.run("apply").status, 0);
    EXPECT_EQ(cli.kernel().state().access.at("15"), (sysfs::NodeAccess{0, 4242, 0660}));
    EXPECT_EQ(cli.run("release 01:00.0").status, 0);
    EXPECT_EQ(cli.driver_state(kNic), "e1000e");
    EXPECT_TRUE(cli.kernel().state().access.empty());
}

TEST(Access, ByNamesIsComparedByIds) {
    CliHarness cli(bound_nic(), policy("owner: root, group: root, mode: \"0600\""));
    EXPECT_EQ(cli.run("plan --detailed-exitcode").status, 0);
    EXPECT_EQ(cli.kernel().state().writes, 0U);
}

TEST(Access, OfNobodyKnownFailsAndChangesNothing) {
    CliHarness cli(bound_nic(), policy("owner: no-such-user-here"));
    const CommandOutput applied = cli.run("apply");
    EXPECT_EQ(applied.status, 1);
    EXPECT_NE((applied.out + applied.err).find("no-such-user-here"), std::string::npos)
        << applied.out;
    EXPECT_EQ(cli.kernel().state().writes, 0U);
}

// Two functions of one group, each with an access of its own for the one node: the last one wins,
// always.
TEST(Access, OfAGroupsNodeIsTheLastMembersAndDoesNotFlap) {
    fake::Host host;
    host.pci("0000:01:00.0").nic().group(15).vfio("vfio-pci", "vfio0");
    host.pci("0000:01:00.1").nic().group(15).vfio("vfio-pci", "vfio1");
    CliHarness cli(fake::KernelState::from(host),
                   "version: 1\nrules:\n"
                   "  - name: a\n    match: { address: \"0000:01:00.0\" }\n    driver: vfio-pci\n  "
                   "  access: { group: 1 }\n"
                   "  - name: b\n    match: { address: \"0000:01:00.1\" }\n    driver: vfio-pci\n  "
                   "  access: { group: 2 }\n");
    EXPECT_EQ(cli.run("apply").status, 0);
    EXPECT_EQ(cli.kernel().state().access.at("15").gid, 2U);
    EXPECT_EQ(cli.kernel().state().access.at("devices/vfio0").gid, 1U);
    EXPECT_EQ(cli.run("plan --detailed-exitcode").status, 0);
}

}  // namespace
}  // namespace tests
