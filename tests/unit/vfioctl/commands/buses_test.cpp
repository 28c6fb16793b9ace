// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sysfs/device/inventory.hpp"
#include "sysfs/device/names.hpp"
#include "tests/fake/host.hpp"
#include "tests/fake/temp_dir.hpp"
#include "tests/fake/tree.hpp"
#include "tests/unit/vfioctl/harness/cli_harness.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"

/// Every bus that has driver_override, with names and modaliases as its driver core makes them:
/// listed, planned, bound by a rule and given back.
namespace tests {
namespace {

enum class GroupKind { kNone, kOwn };

struct BusCase {
    const char* bus;
    const char* name;
    const char* modalias;
    const char* native;
    const char* chain;   ///< `driver:` of the rule
    const char* driver;  ///< where that ends
    const char* module;  ///< which brings it
    GroupKind group;
};

void PrintTo(const BusCase& one, std::ostream* out) {
    *out << one.bus;
}

// From the kernel's own buses: drivers/base/platform.c, drivers/amba/bus.c, drivers/bus/fsl-mc,
// drivers/cdx, drivers/s390/{cio,crypto}, drivers/hv/vmbus_drv.c, drivers/{vdpa,rpmsg,spi}.
const std::vector<BusCase>& bus_cases() {
    static const std::vector<BusCase> kCases = {
        {"platform", "fff51000.ethernet", "of:NethernetT(null)Ccalxeda,hb-xgmac", "xgmac", "auto",
         "vfio-platform", "vfio_platform", GroupKind::kOwn},
        {"platform", "Fixed MDIO bus.0", "platform:Fixed MDIO bus", "mdio", "none", "", "",
         GroupKind::kNone},
        {"amba", "2b600000.dma", "amba:d00041330", "dma-pl330", "auto", "vfio-amba", "vfio_amba",
         GroupKind::kOwn},
        {"fsl-mc", "dprc.2", "fsl-mc:v00001957ddprc", "fsl_mc_dprc", "auto", "vfio-fsl-mc",
         "vfio_fsl_mc", GroupKind::kOwn},
        {"cdx", "cdx-00:01", "cdx:v000010EEd0000B084sv*sd*c*", "cdx_native", "auto", "vfio-cdx",
         "vfio_cdx", GroupKind::kOwn},
        {"css", "0.0.0313", "css:t0", "io_subchannel", "auto", "vfio_ccw", "vfio_ccw",
         GroupKind::kNone},
        {"ap", "05.0047", "ap:t0E", "cex4queue", "auto", "vfio_ap", "vfio_ap", GroupKind::kNone},
        {"vmbus", "58f75a6d-d949-4320-99e1-a2a2576d581c", "vmbus:635161f83edfc546913ff2d2f965ed0e",
         "hv_netvsc", "uio_hv_generic", "uio_hv_generic", "uio_hv_generic", GroupKind::kNone},
        {"vdpa", "vdpa0", "", "virtio_vdpa", "vhost_vdpa", "vhost_vdpa", "vhost_vdpa",
         GroupKind::kNone},
        {"rpmsg", "virtio0.rpmsg-raw.-1.1024", "rpmsg:rpmsg-raw", "rpmsg_tty", "rpmsg_chrdev",
         "rpmsg_chrdev", "rpmsg_char", GroupKind::kNone},
        {"spi", "spi0.1", "spi:mx25l6405d", "spi-nor", "spidev", "spidev", "spidev",
         GroupKind::kNone},
    };
    return kCases;
}

fake::Host host_of(const BusCase& one) {
    fake::Host host;
    auto device = host.on_bus(one.bus, one.name);
    device.modalias(one.modalias).driver(one.native);
    if (one.group == GroupKind::kOwn)
        device.group(7);
    return host;
}

fake::KernelState world_of(const BusCase& one) {
    fake::KernelState world = fake::KernelState::from(host_of(one));
    if (*one.module != '\0') {
        world.specs.push_back({one.bus, one.driver, one.module, {}, true});
        // A module whose name differs from its driver's is not found until it is loaded.
        const bool loaded = sysfs::normalise_module(one.driver) != one.module;
        world.drivers.modules[one.module] =
            loaded ? sysfs::ModuleState::kLoaded : sysfs::ModuleState::kAvailable;
        if (loaded)
            world.drivers.registered[one.bus][one.driver] = one.module;
    }
    return world;
}

std::string policy_of(const BusCase& one) {
    return std::string("version: 1\nrules:\n  - name: it\n    match: { bus: \"") + one.bus +
           "\", address: \"" + one.name + "\" }\n    driver: " + one.chain + "\n";
}

class BusTypes : public testing::TestWithParam<BusCase> {};

TEST_P(BusTypes, AreReadFromTheKernelsLayout) {
    const BusCase& one = GetParam();
    const fake::TempDir root;
    const fake::Host host = host_of(one);
    fake::write_tree(root.path(), host.inventory(), host.drivers());
    const auto inventory = sysfs::read_inventory({root.path()}, {});
    ASSERT_TRUE(inventory) << inventory.error().text();
    const sysfs::Device* device = inventory->find({one.bus, one.name});
    ASSERT_NE(device, nullptr);
    EXPECT_EQ(device->modalias, one.modalias);
    EXPECT_EQ(device->driver, one.native);
    EXPECT_TRUE(device->has_override);
    EXPECT_EQ(device->driver_override, std::nullopt);
    const ProcessOutput listed =
        run_vfioctl({"--root", root.path(), "list", "-a", "-n", "-o", "ADDRESS,DRIVER"});
    EXPECT_EQ(listed.status, 0) << listed.err;
    EXPECT_NE(listed.out.find(std::string(one.bus) + "/" + one.name), std::string::npos)
        << listed.out;
}

TEST_P(BusTypes, AreBoundByARuleAndGivenBack) {
    const BusCase& one = GetParam();
    CliHarness cli(world_of(one), policy_of(one));
    const sysfs::DeviceId id{one.bus, one.name};
    EXPECT_EQ(cli.run("plan --detailed-exitcode").status, 10);
    const CommandOutput applied = cli.run("apply");
    EXPECT_EQ(applied.status, 0) << applied.out << applied.err;
    const auto bound = cli.kernel().device(id);
    ASSERT_TRUE(bound);
    EXPECT_EQ(bound->driver.value_or(""), one.driver);
    EXPECT_EQ(bound->driver_override, *one.driver == '\0' ? "none" : one.driver);
    EXPECT_EQ(cli.run("plan --detailed-exitcode").status, 0);
    std::string word = id.text();
    std::replace(word.begin(), word.end(), ' ', '?');  // a glob, where the cli splits at blanks
    const CommandOutput released = cli.run("release " + word);
    EXPECT_EQ(released.status, 0) << released.out << released.err;
    const auto back = cli.kernel().device(id);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->driver, one.native);
    EXPECT_EQ(back->driver_override, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Every, BusTypes, testing::ValuesIn(bus_cases()), [](const auto& each) {
    std::string name = std::string(each.param.bus) + "_" + std::to_string(each.index);
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

// Without a VFIO driver of their bus `auto` has no candidate, and reports that.
TEST(BusTypes, WithoutAVfioDriverRefuseAuto) {
    for (const BusCase& one : bus_cases()) {
        const std::string bus = one.bus;
        if (bus != "vmbus" && bus != "vdpa" && bus != "rpmsg" && bus != "spi")
            continue;
        BusCase automatic = one;
        automatic.chain = "auto";
        CliHarness cli(world_of(one), policy_of(automatic));
        const CommandOutput output = cli.run("plan --detailed-exitcode");
        EXPECT_EQ(output.status, 3) << output.out;
        EXPECT_NE(output.out.find("VFIO has no driver for the bus " + bus), std::string::npos)
            << output.out;
        EXPECT_EQ(cli.kernel().state().writes, 0U);
    }
}

}  // namespace
}  // namespace tests
