// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module/drivers.hpp"
#include "sysfs/module/alias_match.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "sysfs/module/aliases.hpp"
#include "tests/unit/sysfs/captured_host.hpp"

namespace sysfs {
namespace {

using Text = std::vector<std::string>;
using DriversTest = CapturedHostTest;

constexpr const char* kAny = "vfio_pci:v*d*sv*sd*bc*sc*i*";

Text modules_of(const std::vector<AliasMatch>& matches) {
    Text out;
    for (const AliasMatch& match : matches)
        out.push_back(match.alias.module + ":" + std::to_string(match.wildcards));
    return out;
}

TEST_F(DriversTest, EqualTheHostTheyWereWrittenFrom) {
    host.with_variants()
        .registered("pci", "pcieport", "")
        .registered("pci", "vfio-pci", "vfio_pci");
    host.registered("css", "io_subchannel", "").registered("pci", "e1000e", "e1000e");
    host.module("mlx5_vfio_pci", ModuleState::kDenied)
        .module("virtio_vfio_pci", ModuleState::kBuiltin);
    host.pci("0000:01:00.0").nic().driver("virtio-pci");
    write();
    const Drivers expected = host.drivers();
    const Drivers found = drivers();
    // Built-in aliases come after those of modules.
    EXPECT_EQ(found.aliases,
              (std::vector<ModuleAlias>{
                  {kAny, "vfio_pci"},
                  {"vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i*", "mlx5_vfio_pci"},
                  {"vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*", "virtio_vfio_pci"}}));
    EXPECT_EQ(found.registered, expected.registered);
    EXPECT_EQ(found.warnings, Text{});
    EXPECT_EQ(found.module_state("vfio-pci"), ModuleState::kLoaded);
    EXPECT_EQ(found.module_state("mlx5_vfio_pci"), ModuleState::kDenied);
    EXPECT_EQ(found.module_state("virtio_vfio_pci"), ModuleState::kBuiltin);
    EXPECT_EQ(found.module_state("vfio-platform"), ModuleState::kMissing);
    EXPECT_EQ(found.module_state("never-asked"), ModuleState::kMissing);
}

TEST_F(DriversTest, HaveTheNativeIdsOfTheDriversThatAreAskedFor) {
    const ModuleAlias loadable{"pci:v*d*sv*sd*bc01sc08i02*", "nvme"};
    const ModuleAlias builtin{"pci:v00001AF4d*sv*sd*bc*sc*i*", "virtio_pci"};
    host.alias(loadable.pattern, "nvme").alias(builtin.pattern, "virtio_pci");
    host.alias("pci:v00008086d*sv*sd*bc*sc*i*", "not_asked").alias("of:N*T*Cx", "my_nvme");
    host.module("virtio_pci", ModuleState::kBuiltin).with_variants();
    host.registered("pci", "virtio-pci", "virtio_pci");
    write();
    EXPECT_TRUE(drivers().native_aliases.empty());
    ScanOptions wanted;
    wanted.drivers = {"nvme", "virtio-pci", "mlx5_vfio_pci"};
    EXPECT_EQ(drivers(wanted).native_aliases, (std::vector<ModuleAlias>{loadable, builtin}));
}

TEST_F(DriversTest, NameTheModuleThatHasNoIdOfADevice) {
    Drivers drivers;
    drivers.native_aliases = {{"pci:v*d*sv*sd*bc01sc08i02*", "nvme"},
                              {"pci:v00001AF4d*sv*sd*bc*sc*i*", "virtio_pci"},
                              {"acpi*:PNP0501:*", "8250_pnp"}};
    drivers.registered["pci"]["virtio-pci"] = "virtio_pci";
    Device device;
    device.id = {"pci", "0000:01:00.0"};
    device.modalias = "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00";
    EXPECT_EQ(module_without_id(drivers, device, "nvme"), "nvme");
    EXPECT_EQ(module_without_id(drivers, device, "virtio-pci"), "virtio_pci");
    EXPECT_EQ(module_without_id(drivers, device, "pci-stub"), std::nullopt);
    EXPECT_EQ(module_without_id(drivers, device, "8250_pnp"), std::nullopt);
    device.modalias = "pci:v00001AF4d00001041sv00001AF4sd00001100bc01sc08i02";
    EXPECT_EQ(module_without_id(drivers, device, "nvme"), std::nullopt);
    EXPECT_EQ(module_without_id(drivers, device, "virtio-pci"), std::nullopt);
    device.modalias = "acpi:ABC0001:";
    EXPECT_EQ(module_without_id(drivers, device, "8250_pnp"), "8250_pnp");
    device.modalias = "";
    EXPECT_EQ(module_without_id(drivers, device, "nvme"), std::nullopt);
}

TEST_F(DriversTest, DistinguishADriverFromItsModule) {
    host.registered("pci", "vfio-pci", "vfio_pci").registered("ap", "cex4queue", "zcrypt_cex4");
    write();
    ScanOptions wanted;
    wanted.drivers = {"cex4queue", "vfio-pci-igd"};
    const Drivers found = drivers(wanted);
    EXPECT_EQ(found.driver_for("pci", "vfio-pci"), "vfio-pci");
    EXPECT_EQ(found.driver_for("pci", "vfio_pci"), "vfio-pci");
    EXPECT_EQ(found.driver_for("ap", "zcrypt_cex4"), "cex4queue");
    EXPECT_EQ(found.driver_for("ap", "vfio_pci"), std::nullopt);
    EXPECT_EQ(found.driver_for("nobus", "vfio_pci"), std::nullopt);
    EXPECT_TRUE(found.is_registered("ap", "cex4queue"));
    EXPECT_FALSE(found.is_registered("ap", "zcrypt_cex4"));
    // The module that registered a wanted driver is looked at, and the driver's own name as a
    // guess.
    EXPECT_EQ(found.modules.at("zcrypt_cex4"), ModuleState::kLoaded);
    EXPECT_EQ(found.modules.at("vfio_pci_igd"), ModuleState::kMissing);
}

TEST_F(DriversTest, AreCompletedFromTheModulesDirectories) {
    host.registered("pci", "vfio-pci", "vfio_pci");
    write().remove("/sys/bus/pci/drivers/vfio-pci/module");
    EXPECT_EQ(drivers().registered.at("pci").at("vfio-pci"), "vfio_pci");
}

TEST_F(DriversTest, AreDeniedByTheCommandLineAndByInstallCommands) {
    host.with_variants();
    write().file("/proc/cmdline", "quiet module_blacklist=foo,vfio-pci\n");
    tree_.file("/etc/modprobe.d/x.conf", "# blacklist y\ninstall mlx5_vfio_pci /bin/false\n");
    const Drivers found = drivers();
    EXPECT_EQ(found.module_state("vfio_pci"), ModuleState::kDenied);
    EXPECT_EQ(found.module_state("mlx5_vfio_pci"), ModuleState::kDenied);
    EXPECT_EQ(found.module_state("virtio_vfio_pci"), ModuleState::kAvailable);
}

TEST_F(DriversTest, AreNotLoadedUntilTheirStateIsLive) {
    host.module("vfio_pci", ModuleState::kLoaded);
    write().file("/sys/module/vfio_pci/initstate", "coming\n");
    tree_.file("/lib/modules/6.12.1/modules.dep", "kernel/drivers/vfio/pci/vfio-pci.ko.xz: x.ko\n");
    EXPECT_EQ(drivers().module_state("vfio_pci"), ModuleState::kAvailable);
}

TEST_F(DriversTest, AreReadBelowUsrToo) {
    write();
    ASSERT_EQ(::mkdir((temp_.path() + "/usr").c_str(), 0755), 0);
    ASSERT_EQ(::rename((temp_.path() + "/lib").c_str(), (temp_.path() + "/usr/lib").c_str()), 0);
    EXPECT_EQ(drivers().aliases, (std::vector<ModuleAlias>{{kAny, "vfio_pci"}}));
}

TEST_F(DriversTest, WarnWhenVariantsAreUnknown) {
    host.registered("pci", "vfio-pci", "vfio_pci");
    write().remove("/lib/modules/6.12.1/modules.alias");
    const Drivers found = drivers();
    EXPECT_EQ(found.warnings,
              Text{"modules.alias: No such file or directory; variants are not known"});
    EXPECT_EQ(found.aliases, std::vector<ModuleAlias>{});
    EXPECT_EQ(found.module_state("vfio_pci"), ModuleState::kLoaded);
}

TEST_F(DriversTest, WarnWhenTheAliasesMayNotBeRead) {
    write().file("/lib/modules/6.12.1/modules.alias", "alias vfio_pci:v*d*sv*sd*bc*sc*i* x\n", 0);
    ASSERT_EQ(::chmod(temp_.path().c_str(), 0755), 0);
    const bool privileged = ::geteuid() == 0;  // root reads whatever the mode
    if (privileged) {
        ASSERT_EQ(::seteuid(65534), 0);
    }
    const Drivers found = drivers();
    if (privileged) {
        ASSERT_EQ(::seteuid(0), 0);
    }
    EXPECT_EQ(found.warnings, Text{"modules.alias: Permission denied; variants are not known"});
    EXPECT_EQ(found.aliases, std::vector<ModuleAlias>{});
}

TEST_F(DriversTest, ResolveAModaliasByTheText) {
    write().file("/lib/modules/6.12.1/modules.alias",
                 "alias pci:v*d*sv*sd*bc02sc00i* generic-nic\n"
                 "alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e\n"
                 "alias pci:v00008086d000010D3sv*sd*bc*sc*i* denied\n"
                 "alias usb:v00008086d000010D3* wrong\n"
                 "alias pci:v00008086d000010D3sv*sd*bc*sc*i*\n");
    tree_.file("/run/modprobe.d/a.conf", "blacklist denied\n");
    const std::string modalias = "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00";
    EXPECT_EQ(*modules_for(tree_.root(), modalias), (Text{"generic_nic", "e1000e"}));
    EXPECT_EQ(*modules_for(tree_.root(), "pci:v0"), Text{});
    EXPECT_EQ(modules_for(tree_.root(), "e1000e").error().code, base::Code::kInvalid);
}

TEST(AliasText, IsReadInWholeLinesOnly) {
    EXPECT_EQ(parse_aliases("alias vfio_pci:v1* a\nalias vfio_pci:v2* b-c\nalias vfio_pci:v2* b_c\n"
                            "#alias vfio_pci:v3* c\nxalias vfio_pci:v4* d\nalias vfio-spapr e\n"
                            "alias vfio_pci:v5*\nalias vfio_pci:v6* ../x\nalias vfio_cdx:v7* f"),
              (std::vector<ModuleAlias>{
                  {"vfio_pci:v1*", "a"}, {"vfio_pci:v2*", "b_c"}, {"vfio_cdx:v7*", "f"}}));
    EXPECT_EQ(parse_aliases(""), std::vector<ModuleAlias>{});
    EXPECT_EQ(parse_aliases("alias vfio"), std::vector<ModuleAlias>{});
}

TEST(AliasText, IsFoundInBuiltinModinfo) {
    using namespace std::string_literals;
    EXPECT_EQ(
        parse_builtin_aliases("ext4.license=GPL\0vfio_pci.alias=vfio_pci:v*d*\0"
                              "vfio-cdx.alias=vfio_cdx:v1*\0e1000e.alias=pci:v1*\0"
                              "x/y.alias=vfio_pci:v2*\0last.alias=vfio_pci:v3"s),
        (std::vector<ModuleAlias>{
            {"vfio_pci:v*d*", "vfio_pci"}, {"vfio_cdx:v1*", "vfio_cdx"}, {"vfio_pci:v3", "last"}}));
    EXPECT_EQ(parse_builtin_aliases(".alias=vfio_pci:v1"), std::vector<ModuleAlias>{});
}

class Matching : public testing::Test {
  protected:
    Matching() { device.modalias = "pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i02"; }
    Drivers drivers;
    Device device;
};

TEST_F(Matching, RanksFewerWildcardsFirst) {
    drivers.aliases = {{kAny, "vfio_pci"},
                       {"vfio_pci:v00001AF4d*sv*sd*bc02sc00i02*", "by_class"},
                       {"vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*", "virtio_vfio_pci"},
                       {"vfio_pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i02*", "exact"},
                       {"vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i*", "mlx5_vfio_pci"},
                       {"pci:v00001AF4d00001041sv*sd*bc*sc*i*", "virtio_pci"}};
    EXPECT_EQ(modules_of(matching_aliases(drivers, device)),
              (Text{"exact:0", "by_class:3", "virtio_vfio_pci:5", "vfio_pci:7"}));
}

TEST_F(Matching, KeepsTheOrderOfEqualClaims) {
    drivers.aliases = {{"vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*", "second"},
                       {"vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*", "first"}};
    EXPECT_EQ(modules_of(matching_aliases(drivers, device)), (Text{"second:5", "first:5"}));
}

TEST_F(Matching, ComparesCaseAsTheKernelPrintsIt) {
    drivers.aliases = {{"vfio_pci:v00001af4d00001041sv*sd*bc*sc*i*", "lower"},
                       {"vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*", "upper"}};
    EXPECT_EQ(modules_of(matching_aliases(drivers, device)), Text{"upper:5"});
}

TEST_F(Matching, MatchesTheDevicesBusOnly) {
    drivers.aliases = {{kAny, "vfio_pci"}, {"vfio_cdx:v10EEd0001", "vfio_cdx"}};
    device.modalias = "cdx:v10EEd0001";
    EXPECT_EQ(modules_of(matching_aliases(drivers, device)), Text{"vfio_cdx:0"});
    for (const auto* modalias : {"", "pci", "platform:uart", "vfio_pci:v1"}) {
        device.modalias = modalias;
        EXPECT_EQ(modules_of(matching_aliases(drivers, device)), Text{}) << modalias;
    }
}

TEST(GenericDriver, IsThatOfTheBus) {
    EXPECT_EQ(generic_vfio_driver("pci"), "vfio-pci");
    EXPECT_EQ(generic_vfio_driver("platform"), "vfio-platform");
    EXPECT_EQ(generic_vfio_driver("amba"), "vfio-amba");
    EXPECT_EQ(generic_vfio_driver("fsl-mc"), "vfio-fsl-mc");
    EXPECT_EQ(generic_vfio_driver("cdx"), "vfio-cdx");
    EXPECT_EQ(generic_vfio_driver("css"), "vfio_ccw");
    EXPECT_EQ(generic_vfio_driver("ap"), "vfio_ap");
    for (const auto* bus : {"", "usb", "vmbus", "mdev", "mdev_parent", "pc"})
        EXPECT_EQ(generic_vfio_driver(bus), std::nullopt) << bus;
}

}  // namespace
}  // namespace sysfs
