// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/unit/vfioctl/harness/cli_harness.hpp"

/// What the running system refuses as in use is not taken early in the next boot, when nothing is
/// mounted yet.
namespace tests {
namespace {

constexpr const char* kStorage =
    "version: 1\nrules:\n  - { name: disks, match: { class: [storage, network] }, driver: auto }\n";
const auto kDisk = fake::pci_id("0000:01:00.0");

/// The root disk, and a NIC that nobody uses.
fake::KernelState running() {
    fake::Host host;
    host.pci("0000:01:00.0").nvme().group(15).driver("nvme");
    host.pci("0000:02:00.0").nic().group(16).driver("e1000e");
    host.used("0000:01:00.0", sysfs::UseKind::kMounted, "is mounted", "nvme0n1p2 on /");
    return fake::KernelState::from(host);
}

class EarlyInUse : public testing::Test {
  protected:
    /// Nothing has a driver, and nothing is used.
    void reboot() {
        cli_.kernel().change([](fake::KernelState& state) {
            state.uses.clear();
            for (auto& [id, device] : state.devices) {
                device.driver.reset();
                device.driver_override.reset();
            }
        });
        std::ofstream(cli_.path() + "/boot_id") << "boot-2\n";
    }
    [[nodiscard]] std::string udev_rules() const {
        std::ifstream file(cli_.path() + "/rules.d/79-bindd.rules");
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] std::string list() const { return cli_.path() + "/lib/devices-in-use"; }

    CliHarness cli_{running(), kStorage};
};

TEST_F(EarlyInUse, TheRootDiskIsLeftAlone) {
    EXPECT_EQ(cli_.run("apply").status, 4);
    reboot();
    const CommandOutput early = cli_.run("apply --early");
    EXPECT_EQ(early.status, 0) << early.err;
    EXPECT_EQ(cli_.driver_state("0000:01:00.0"), "none");
    EXPECT_EQ(cli_.driver_state("0000:02:00.0"), "none (vfio-pci)") << "nobody uses it";
    EXPECT_NE(early.err.find("0000:01:00.0: the host used it when the policies were last applied "
                             "(mounted: nvme0n1p2 on /): decided later\n"),
              std::string::npos)
        << early.err;
    EXPECT_NE(udev_rules().find("KERNEL==\"0000:01:00.0\", ATTR{vendor}==\"0x"), std::string::npos)
        << udev_rules();
}

TEST_F(EarlyInUse, AnotherDeviceAtItsAddressIsTaken) {
    EXPECT_EQ(cli_.run("apply").status, 4);
    reboot();
    cli_.kernel().change([](fake::KernelState& state) { state.devices.at(kDisk).ids.device = 1; });
    EXPECT_EQ(cli_.run("apply --early").status, 0);
    EXPECT_EQ(cli_.driver_state("0000:01:00.0"), "none (vfio-pci)");
}

TEST_F(EarlyInUse, ADeviceThatIsUsedNoMoreIsTaken) {
    EXPECT_EQ(cli_.run("apply").status, 4);
    cli_.kernel().change([](fake::KernelState& state) { state.uses.clear(); });
    // Not by an apply of some other device, which says nothing of this one.
    EXPECT_EQ(cli_.run("apply 02:00.0").status, 0);
    EXPECT_TRUE(std::filesystem::exists(list()));
    EXPECT_EQ(cli_.run("apply").status, 0);
    EXPECT_FALSE(std::filesystem::exists(list()));
    reboot();
    EXPECT_EQ(cli_.run("apply --early").status, 0);
    EXPECT_EQ(cli_.driver_state("0000:01:00.0"), "none (vfio-pci)");
}

/// The unit that applies once, after udev: the disk is not mounted yet, or the network not up.
TEST_F(EarlyInUse, IsLeftAloneByTheBootUnitUntilACommandTakesIt) {
    EXPECT_EQ(cli_.run("apply").status, 4);
    reboot();
    const CommandOutput boot = cli_.run("apply --at-boot");
    EXPECT_EQ(boot.status, 0) << boot.err;
    EXPECT_EQ(cli_.driver_state("0000:01:00.0"), "none");
    EXPECT_EQ(cli_.driver_state("0000:02:00.0"), "vfio-pci (vfio-pci)");
    EXPECT_NE(boot.err.find("the host used 0000:01:00.0 before this boot (mounted: nvme0n1p2 on /) "
                            "and may use it again; `vfioctl apply` takes it if it is not in use\n"),
              std::string::npos)
        << boot.err;
    EXPECT_EQ(cli_.run("apply --at-boot").status, 0) << "a second one leaves it as well";
    EXPECT_EQ(cli_.driver_state("0000:01:00.0"), "none");
    EXPECT_EQ(cli_.run("apply").status, 0);
    EXPECT_EQ(cli_.driver_state("0000:01:00.0"), "vfio-pci (vfio-pci)");
    EXPECT_FALSE(std::filesystem::exists(list()));
}

TEST_F(EarlyInUse, FailsTheBootUnitBesideADamagedList) {
    std::filesystem::create_directories(cli_.path() + "/lib");
    std::ofstream(list()) << "{";
    const CommandOutput boot = cli_.run("apply --at-boot");
    EXPECT_NE(boot.status, 0);
    EXPECT_NE(boot.err.find("so none is taken early in the boot"), std::string::npos) << boot.err;
    EXPECT_EQ(cli_.driver_state("0000:02:00.0"), "e1000e");
}

TEST_F(EarlyInUse, UnitsTakeNeitherDevicesNorRulesNorBothOptions) {
    for (const char* words : {"apply --early 01:00.0", "apply --at-boot 01:00.0",
                              "apply --at-boot --rule disks", "apply --early --at-boot"})
        EXPECT_EQ(cli_.run(words).status, 2) << words;
}

TEST_F(EarlyInUse, NothingIsTakenBesideADamagedList) {
    EXPECT_EQ(cli_.run("apply").status, 4);
    reboot();
    ASSERT_EQ(cli_.run("apply --early").status, 0);
    reboot();
    std::ofstream(list()) << "{";
    const CommandOutput early = cli_.run("apply --early");
    EXPECT_EQ(early.status, 0) << early.err;
    EXPECT_EQ(cli_.driver_state("0000:01:00.0"), "none");
    EXPECT_EQ(cli_.driver_state("0000:02:00.0"), "none");
    EXPECT_EQ(udev_rules(), "");
    EXPECT_NE(early.err.find("so none is taken early in the boot"), std::string::npos) << early.err;
}

}  // namespace
}  // namespace tests
