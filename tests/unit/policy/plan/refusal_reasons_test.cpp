// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/plan.hpp"

#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.hpp"

namespace {

using fake::Host;
using policy_test::kTakeNics;
using policy_test::nic_host;
using policy_test::PolicyFixture;
using sysfs::UseKind;

constexpr const char* kGpu = "0000:01:00.0";
constexpr const char* kSound = "0000:01:00.1";

// What the kernel would refuse.

TEST(Plan, RefusesABridge) {
    Host host;
    host.pci("0000:00:01.0").bridge().group(1);
    EXPECT_EQ(
        PolicyFixture(host, "rules: [{name: b, match: {class: bridge}, driver: auto}]").plan(),
        "group 1: refused\n"
        "  ! bridge 0000:00:01.0: is a bridge, and VFIO takes none (header type 1)\n");
}

TEST(Plan, RefusesVfioWithoutAnIommuGroup) {
    Host host;
    host.no_iommu().pci(kGpu).gpu();
    const std::string rules = "rules: [{name: g, match: {class: display}, driver: auto}]";
    EXPECT_EQ(PolicyFixture(host, rules).plan(),
              "pci/0000:01:00.0: refused\n"
              "  ! no-iommu 0000:01:00.0: is in no IOMMU group (the host has no IOMMU enabled)\n");
    host.noiommu();
    EXPECT_EQ(PolicyFixture(host, rules).make_plan().transactions[0].verdict,
              policy::Verdict::kChange);
}

TEST(Plan, ADriverThatIsNotVfiosNeedsNoIommu) {
    Host host;
    host.no_iommu().module("uio_pci_generic", sysfs::ModuleState::kAvailable).pci(kGpu).gpu();
    EXPECT_EQ(
        PolicyFixture(host, "rules: [{name: g, match: {class: display}, driver: uio_pci_generic}]")
            .plan(),
        "pci/0000:01:00.0: change\n"
        "  load_module 0000:01:00.0 uio_pci_generic\n"
        "  set_override 0000:01:00.0 uio_pci_generic\n"
        "  bind 0000:01:00.0 uio_pci_generic\n");
}

TEST(Plan, RefusesWhenNoDriverOfTheChainIsUsable) {
    Host host = nic_host();
    EXPECT_EQ(
        PolicyFixture(host, "rules: [{name: nics, match: {class: network}, driver: vfio-pci-igd}]")
            .plan(),
        "group 7: refused\n"
        "  ! no-driver 0000:02:00.0: no driver of the chain is usable (vfio-pci-igd: this "
        "kernel has no driver vfio-pci-igd)\n");
}

TEST(Plan, RefusesAPfWithVfsEnabled) {
    Host host = nic_host();
    host.pci("0000:02:00.0").pf(8, 4);
    EXPECT_EQ(
        PolicyFixture(host, kTakeNics).plan(),
        "group 7: refused\n"
        "  ! vfs-in-use 0000:02:00.0: is a PF with VFs enabled, which disappear with its driver (4 "
        "VFs)\n");
}

TEST(Plan, RefusesIdsThatVfioPciDenies) {
    Host host;
    host.pci(kGpu).vendor("8086", "0b25").group(3);
    EXPECT_EQ(
        PolicyFixture(host, "rules: [{name: d, match: {vendor: '8086'}, driver: auto}]").plan(),
        "group 3: refused\n"
        "  ! driver-denies 0000:01:00.0: vfio-pci denies this device by its id (8086:0b25 "
        "(DSA))\n");
    host.pci(kGpu).vendor("8086", "37c9");
    host.alias("vfio_pci:v00008086d000037C9sv*sd*bc*sc*i*", "qat_vfio_pci");
    EXPECT_EQ(PolicyFixture(host, "rules: [{name: d, match: {vendor: '8086'}, driver: auto}]")
                  .make_plan()
                  .transactions[0]
                  .verdict,
              policy::Verdict::kChange);
}

// Devices in use.

TEST(Plan, RefusesADeviceInUseAndShowsTheEvidence) {
    Host host = nic_host();
    host.used("0000:02:00.0", UseKind::kDefaultRoute, "a default route leaves through it",
              "default via 10.0.0.1 dev eth0");
    host.used("0000:02:00.0", UseKind::kAddressed, "eth0 has a global address", "10.0.0.2/24");
    EXPECT_EQ(PolicyFixture(host, kTakeNics).plan(),
              "group 7: refused\n"
              "  ? default-route 0000:02:00.0: a default route leaves through it (default via "
              "10.0.0.1 dev eth0)\n"
              "  ? addressed 0000:02:00.0: eth0 has a global address (10.0.0.2/24)\n");
}

TEST(Plan, EachReasonIsAllowedOrForcedByItsOwnNameOnly) {
    Host host = nic_host();
    host.used("0000:02:00.0", UseKind::kDefaultRoute, "route", "");
    host.used("0000:02:00.0", UseKind::kAddressed, "address", "");
    const PolicyFixture fixture(
        host,
        "rules: [{name: nics, match: {class: network}, driver: auto, in_use: {allow: "
        "[addressed]}}]");
    EXPECT_EQ(fixture.plan(),
              "group 7: refused\n"
              "  ? default-route 0000:02:00.0: route\n");
    EXPECT_EQ(
        fixture.make_plan({.codes = {policy::ReasonCode::kDefaultRoute}}).transactions[0].verdict,
        policy::Verdict::kChange);
    EXPECT_EQ(fixture.make_plan({.codes = {policy::ReasonCode::kMounted}}).transactions[0].verdict,
              policy::Verdict::kRefused);
}

TEST(Plan, FirmwareMemoryIsInTheWayOfVfioAlone) {
    Host host = nic_host();
    host.module("pci-stub", sysfs::ModuleState::kAvailable);
    host.used("0000:02:00.0", UseKind::kFirmwareMemory, "firmware", "0xe0000-0xfffff");
    EXPECT_EQ(PolicyFixture(host, kTakeNics).plan(),
              "group 7: refused\n"
              "  ? firmware-memory 0000:02:00.0: firmware (0xe0000-0xfffff)\n");
    EXPECT_EQ(PolicyFixture(host, kTakeNics)
                  .make_plan({.codes = {policy::ReasonCode::kFirmwareMemory}})
                  .transactions[0]
                  .verdict,
              policy::Verdict::kChange);
    for (const char* driver : {"none", "pci-stub"})
        EXPECT_EQ(PolicyFixture(host, "rules: [{name: nic, match: {class: network}, driver: " +
                                          std::string(driver) + "}]")
                      .make_plan()
                      .transactions[0]
                      .verdict,
                  policy::Verdict::kChange);
}

TEST(Plan, WhatTheRunningSystemNeedsIsNeitherForcedNorAllowed) {
    Host host = nic_host();
    host.needed("0000:02:00.0", UseKind::kMounted, "the root is on it", "nvme0n1p2 on /");
    host.used("0000:02:00.0", UseKind::kMounted, "mounted", "nvme0n1p3 on /home");
    host.needed("0000:02:00.0", UseKind::kSwap, "swap", "nvme0n1p1");
    const PolicyFixture fixture(
        host,
        "rules: [{name: nics, match: {class: network}, driver: auto, in_use: {allow: "
        "[mounted]}}]");
    EXPECT_EQ(fixture.plan({.codes = {policy::ReasonCode::kSwap}}),
              "group 7: refused\n"
              "  ! mounted 0000:02:00.0: the root is on it (nvme0n1p2 on /)\n"
              "  ! swap 0000:02:00.0: swap (nvme0n1p1)\n");
    // Forcing the other mount would not help, so its reason does not offer it.
    EXPECT_EQ(PolicyFixture(host, kTakeNics).plan(),
              "group 7: refused\n"
              "  ! mounted 0000:02:00.0: the root is on it (nvme0n1p2 on /)\n"
              "  ! mounted 0000:02:00.0: mounted (nvme0n1p3 on /home)\n"
              "  ! swap 0000:02:00.0: swap (nvme0n1p1)\n");
}

TEST(Plan, AnOpenVfioDeviceIsNeverUnboundEvenByForce) {
    Host host = nic_host();
    host.pci("0000:02:00.0").vfio("vfio-pci");
    host.used("0000:02:00.0", UseKind::kVfioOpen, "its VFIO group is open", "qemu (pid 712)");
    const PolicyFixture fixture(host, "rules: [{name: h, match: {class: network}, driver: host}]");
    EXPECT_EQ(fixture.plan({.codes = {policy::ReasonCode::kVfioOpen}}),
              "group 7: refused\n"
              "  ! vfio-open 0000:02:00.0: its VFIO group is open (qemu (pid 712))\n");
}

TEST(Plan, ADeviceThatKeepsItsDriverMayBeInUse) {
    Host host = nic_host();
    host.pci("0000:02:00.0").vfio("vfio-pci");
    host.used("0000:02:00.0", UseKind::kVfioOpen, "its VFIO group is open", "qemu (pid 712)");
    EXPECT_EQ(PolicyFixture(host, kTakeNics).plan(), "group 7: ok\n");
}

TEST(Plan, RequiresTheUsageOfDevicesThatWouldChangeTheirDriver) {
    Host host = nic_host();
    host.pci("0000:03:00.0").nic().group(8);
    host.pci("0000:04:00.0").nic().group(9).vfio("vfio-pci");
    host.pci(kGpu).gpu().group(15).driver("nouveau");
    host.pci(kSound).audio().group(15);
    const PolicyFixture fixture(host,
                                "rules:\n- {name: nics, match: {class: network}, driver: auto}\n"
                                "- {name: g, match: {class: display}, driver: auto, group: whole}");
    EXPECT_EQ(
        policy::devices_changing_driver(fixture.decisions, fixture.inventory),
        (std::vector<sysfs::DeviceId>{fake::pci_id(kGpu), fake::pci_id(kSound),
                                      fake::pci_id("0000:02:00.0"), fake::pci_id("0000:03:00.0")}));
}

TEST(Plan, RefusesToBindADeadDeviceUnlessForced) {
    Host host = nic_host();
    host.pci("0000:02:00.0").device().fault = "its power_state is error";
    EXPECT_EQ(PolicyFixture(host, kTakeNics).plan(),
              "group 7: refused\n"
              "  ? dead-device 0000:02:00.0: is dead or lost (its power_state is error)\n");
    EXPECT_EQ(PolicyFixture(host, kTakeNics)
                  .make_plan({.codes = {policy::ReasonCode::kDeadDevice}})
                  .transactions[0]
                  .verdict,
              policy::Verdict::kChange);
    const PolicyFixture allowed(
        host,
        "rules: [{name: nics, match: {class: network}, driver: auto, in_use: {allow: "
        "[dead-device]}}]");
    EXPECT_EQ(allowed.make_plan().transactions[0].verdict, policy::Verdict::kChange);
}

std::string nic_rule(const std::string& driver) {
    return "rules: [{name: nic, match: {class: network}, driver: " + driver + "}]";
}

Host host_with_native_modules() {
    Host host = nic_host();
    host.with_variants();
    host.alias("pci:v*d*sv*sd*bc01sc08i02*", "nvme");
    host.alias("pci:v000010DEd*sv*sd*bc03sc*i*", "snd_hda_intel").alias("usb:v1234p*", "usbnic");
    host.alias("pci:v00008086d000010D3sv*sd*bc*sc*i*", "e1000e");
    host.module("pci-stub", sysfs::ModuleState::kAvailable);
    return host;
}

TEST(Plan, RefusesANativeDriverWithoutAnIdForTheDevice) {
    const Host host = host_with_native_modules();
    const std::string expected =
        "group 7: refused\n"
        "  ? driver-mismatch 0000:02:00.0: the driver nvme has no id for it (no alias of the "
        "module "
        "nvme matches pci:v00008086d000010D3sv00000000sd00000000bc02sc00i00)\n";
    EXPECT_EQ(PolicyFixture(host, nic_rule("nvme")).plan(), expected);
    EXPECT_EQ(PolicyFixture(host, nic_rule("[nvme, snd_hda_intel]"))
                  .make_plan()
                  .transactions[0]
                  .reasons.size(),
              2U)
        << "none of the chain fits";
    EXPECT_EQ(PolicyFixture(host, nic_rule("[nvme, vfio-pci]")).plan(),
              PolicyFixture(host, nic_rule("vfio-pci")).plan())
        << "the next one of the chain";
    const auto forced = policy::ForcedReasons{.codes = {policy::ReasonCode::kDriverMismatch}};
    EXPECT_EQ(PolicyFixture(host, nic_rule("nvme")).make_plan(forced).transactions[0].verdict,
              policy::Verdict::kChange);
    EXPECT_EQ(PolicyFixture(host, nic_rule("nvme, in_use: {allow: [driver-mismatch]}"))
                  .make_plan()
                  .transactions[0]
                  .verdict,
              policy::Verdict::kChange);
    // A module's name in its other spelling, with a driver that is registered.
    Host loaded = host;
    loaded.registered("pci", "snd_hda_intel", "snd_hda_intel");
    EXPECT_EQ(PolicyFixture(loaded, nic_rule("snd-hda-intel"))
                  .make_plan()
                  .transactions[0]
                  .reasons[0]
                  .code,
              policy::ReasonCode::kDriverMismatch);
}

TEST(Plan, TakesAnyDriverThatHasAnIdOrNoIdsAtAll) {
    Host host = host_with_native_modules();
    host.pci("0000:02:00.0").device().driver.reset();
    for (const char* driver : {"e1000e", "vfio-pci", "mlx5_vfio_pci", "pci-stub", "usbnic", "auto"})
        EXPECT_EQ(PolicyFixture(host, nic_rule(driver)).make_plan().transactions[0].verdict,
                  policy::Verdict::kChange)
            << driver;
}

TEST(Plan, RefusesAStuckDeviceWhateverIsForced) {
    Host host = nic_host();
    host.pci("0000:02:00.0").device().stuck = "reading it does not return";
    const auto plan =
        PolicyFixture(host, kTakeNics).make_plan({.codes = {policy::ReasonCode::kStuck}});
    ASSERT_EQ(plan.transactions.size(), 1U);
    EXPECT_EQ(plan.transactions[0].verdict, policy::Verdict::kRefused);
    ASSERT_EQ(plan.transactions[0].reasons.size(), 1U);
    EXPECT_EQ(plan.transactions[0].reasons[0].code, policy::ReasonCode::kStuck);
    EXPECT_FALSE(plan.transactions[0].reasons[0].forceable);
}

TEST(Plan, RefusesADeviceThatIsInUseWithoutADriver) {
    Host host;
    host.pci(kGpu).gpu().group(15);
    host.pci(kSound).audio().group(15);
    host.used(kGpu, UseKind::kConsole, "the text console is on it", "fb0 carries vtcon1");
    host.used(kSound, UseKind::kOpenFd, "a process uses it", "dpdk-app (pid 50)");
    const std::string match = "rules: [{name: g, match: {class: display}, group: whole, driver: ";
    EXPECT_EQ(PolicyFixture(host, match + "auto}]").plan(),
              "group 15: refused\n"
              "  ? console 0000:01:00.0: the text console is on it (fb0 carries vtcon1)\n"
              "  ? open-fd 0000:01:00.1: a process uses it (dpdk-app (pid 50))\n");
    host.pci(kGpu).override_("vfio-pci");
    const PolicyFixture native(host, match + "host}]");
    EXPECT_TRUE(policy::devices_changing_driver(native.decisions, native.inventory).empty())
        << "its native driver takes the console over";
}

}  // namespace
