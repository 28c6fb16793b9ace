// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "sysfs/device/inventory.hpp"
#include "tests/fake/temp_dir.hpp"
#include "tests/fake/tree.hpp"
#include "tests/unit/vfioctl/harness/cli_harness.hpp"

/// NVIDIA's VFs without mdev: the same `mdevs:` of a rule make the one virtual GPU that a VF can
/// be.
namespace tests {
namespace {

const std::string kVf = "0000:5e:00.4";

fake::Host ada() {
    fake::Host host;
    host.pci("0000:5e:00.0").gpu().group(40).driver("nvidia").pf(16, 1);
    host.pci(kVf)
        .gpu()
        .group(41)
        .driver("nvidia")
        .vf_of("0000:5e:00.0", 0)
        .vgpu_type("1145", "NVIDIA L40-1B")
        .vgpu_type("1156", "NVIDIA L40-12Q")
        .attr("nvidia/vgpu_params", "");
    return host;
}

std::string policy(const std::string& mdevs) {
    return "version: 1\nrules:\n  - name: vgpu\n    match: { vendor: \"10de\", is_vf: true }\n    "
           "mdevs: [ " +
           mdevs + " ]\n";
}

std::optional<std::string> type_of(CliHarness& cli) {
    const auto vf = cli.kernel().device(fake::pci_id(kVf));
    return vf && vf->vgpu ? std::optional(vf->vgpu->type) : std::nullopt;
}

TEST(Vgpu, IsMadeByTheRuleOfAVfAndTakenBack) {
    CliHarness cli(
        fake::KernelState::from(ada()),
        policy(
            "{ count: 1, type: nvidia-1156, attrs: [ { \"nvidia/vgpu_params\": \"frl=60\" } ] }"));
    const CommandOutput planned = cli.run("plan --detailed-exitcode");
    EXPECT_EQ(planned.status, 10) << planned.out << planned.err;
    EXPECT_NE(planned.out.find("    set_attr  0000:5e:00.4  nvidia/current_vgpu_type=1156\n"
                               "    set_attr  0000:5e:00.4  nvidia/vgpu_params=frl=60\n"),
              std::string::npos)
        << planned.out;
    EXPECT_EQ(cli.run("apply").status, 0);
    EXPECT_EQ(type_of(cli), "nvidia-1156");
    EXPECT_EQ(cli.driver_state(kVf), "nvidia");
    const unsigned writes = cli.kernel().state().writes;
    EXPECT_EQ(cli.run("plan --detailed-exitcode").status, 0);
    EXPECT_EQ(cli.run("apply").status, 0);
    EXPECT_EQ(cli.kernel().state().writes, writes);
    const CommandOutput released = cli.run("release " + kVf);
    EXPECT_EQ(released.status, 0) << released.out << released.err;
    EXPECT_EQ(type_of(cli), "");
    EXPECT_EQ(cli.driver_state(kVf), "nvidia");
}

TEST(Vgpu, OfWhichAnAttributeIsRefusedIsTakenBack) {
    CliHarness cli(
        fake::KernelState::from(ada()),
        policy("{ count: 1, type: nvidia-1156, attrs: [ { \"nvidia/nope\": \"1\" } ] }"));
    const CommandOutput applied = cli.run("apply");
    EXPECT_EQ(applied.status, 1);
    EXPECT_NE((applied.out + applied.err).find("nvidia/nope"), std::string::npos)
        << applied.out << applied.err;
    EXPECT_EQ(type_of(cli), "");
}

TEST(Vgpu, OfAnotherTypeSinceIsNotTaken) {
    CliHarness cli(fake::KernelState::from(ada()), policy("{ count: 1, type: nvidia-1156 }"));
    EXPECT_EQ(cli.run("apply").status, 0);
    cli.kernel().change([](fake::KernelState& world) {
        world.devices.at(fake::pci_id(kVf)).vgpu->type = "nvidia-1145";
    });
    EXPECT_EQ(cli.run("plan --detailed-exitcode").status, 3);
    EXPECT_EQ(cli.run("release " + kVf).status, 0);
    EXPECT_EQ(type_of(cli), "nvidia-1145");
}

TEST(Vgpu, IsRefusedWithTheReason) {
    const std::pair<const char*, const char*> cases[] = {
        {"{ uuid: \"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001\", type: nvidia-1156 }", "without a UUID"},
        {"{ count: 2, type: nvidia-1156 }", "one virtual GPU at a time"},
        {"{ count: 1, type: nvidia-1156 }, { count: 1, type: nvidia-1145 }",
         "one virtual GPU at a time"},
        {"{ count: 1, type: nvidia-7 }", "types: nvidia-1145 nvidia-1156"},
        {"{ count: 1, type: mtty-1 }", "cannot become a virtual GPU of type mtty-1"}};
    for (const auto& [mdevs, why] : cases) {
        CliHarness cli(fake::KernelState::from(ada()), policy(mdevs));
        const CommandOutput output = cli.run("apply");
        EXPECT_EQ(output.status, 3) << mdevs;
        EXPECT_NE((output.out + output.err).find(why), std::string::npos)
            << output.out << output.err;
        EXPECT_EQ(cli.kernel().state().writes, 0U);
    }
}

TEST(Vgpu, IsReadFromTheDriversOwnFiles) {
    const fake::TempDir root;
    fake::write_tree(root.path(), ada().inventory(), ada().drivers());
    const auto inventory = sysfs::read_inventory({root.path()}, {});
    ASSERT_TRUE(inventory);
    const sysfs::Device* vf = inventory->find(fake::pci_id(kVf));
    ASSERT_NE(vf, nullptr);
    EXPECT_EQ(vf->vgpu, sysfs::VgpuState{});
    ASSERT_EQ(vf->mdev_types.size(), 2U);
    EXPECT_EQ(vf->mdev_types[1].id, "nvidia-1156");
    EXPECT_EQ(vf->mdev_types[1].name, "NVIDIA L40-12Q");
    EXPECT_FALSE(inventory->find(fake::pci_id("0000:5e:00.0"))->vgpu);
}

}  // namespace
}  // namespace tests
