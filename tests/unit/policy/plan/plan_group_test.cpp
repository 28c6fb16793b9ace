// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/plan_group.hpp"

#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.hpp"

/// One IOMMU group with several devices, the ICH9 functions at 00:1f.x as in the lab.
namespace {

using fake::Host;
using policy_test::PolicyFixture;
using sysfs::UseKind;

constexpr const char* kLpc = "0000:00:1f.0";
constexpr const char* kSata = "0000:00:1f.2";
constexpr const char* kSmbus = "0000:00:1f.3";

Host ich9_host() {
    Host host;
    host.registered("pci", "vfio-pci", "vfio_pci");
    host.pci(kLpc).vendor("8086", "2918").class_code("060100").group(4).driver("lpc_ich");
    host.pci(kSata).vendor("8086", "2922").class_code("010601").group(4).driver("ahci");
    host.pci(kSmbus).vendor("8086", "2930").class_code("0c0500").group(4).driver("i801_smbus");
    return host;
}

std::string take_smbus(const std::string& group, const std::string& more = "") {
    return "rules:\n- {name: smbus, match: {device: '2930'}, driver: auto, group: " + group + "}" +
           more;
}

constexpr const char* kAllThree =
    "group 4: change\n"
    "  set_override 0000:00:1f.0 vfio-pci\n"
    "  set_override 0000:00:1f.2 vfio-pci\n"
    "  set_override 0000:00:1f.3 vfio-pci\n"
    "  unbind 0000:00:1f.0 lpc_ich\n"
    "  unbind 0000:00:1f.2 ahci\n"
    "  unbind 0000:00:1f.3 i801_smbus\n"
    "  bind 0000:00:1f.0 vfio-pci\n"
    "  bind 0000:00:1f.2 vfio-pci\n"
    "  bind 0000:00:1f.3 vfio-pci\n";

TEST(PlanGroup, StrictRefusesAndNamesTheBlockers) {
    EXPECT_EQ(PolicyFixture(ich9_host(), take_smbus("strict")).plan(),
              "group 4: refused\n"
              "  ! group-not-viable 0000:00:1f.0: the group would not be viable: it does DMA for "
              "the host (on lpc_ich)\n"
              "  ! group-not-viable 0000:00:1f.2: the group would not be viable: it does DMA for "
              "the host (on ahci)\n");
}

TEST(PlanGroup, WholeLeavesAnUnboundBridgeOfHeaderType0Alone) {
    Host host = ich9_host();
    host.pci(kLpc).unbound();
    EXPECT_EQ(PolicyFixture(host, take_smbus("whole")).plan(),
              "group 4: change\n"
              "  set_override 0000:00:1f.2 vfio-pci\n"
              "  set_override 0000:00:1f.3 vfio-pci\n"
              "  unbind 0000:00:1f.2 ahci\n"
              "  unbind 0000:00:1f.3 i801_smbus\n"
              "  bind 0000:00:1f.2 vfio-pci\n"
              "  bind 0000:00:1f.3 vfio-pci\n"
              "  . 0000:00:1f.0 is left alone: a bridge without a driver\n");
    host.pci(kLpc).class_code("060000");
    EXPECT_EQ(PolicyFixture(host, take_smbus("whole")).make_plan().transactions[0].devices.size(),
              2U);
    // One that the rule lists is taken.
    EXPECT_EQ(PolicyFixture(host, take_smbus("[{class: bridge}, {class: storage}]"))
                  .make_plan()
                  .transactions[0]
                  .devices.size(),
              3U);
}

// A VMD makes a PCI domain, whose devices do DMA in its name, and so are in its group.

constexpr const char* kVmd = "0000:00:0e.0";
constexpr const char* kBehindVmd = "10000:e1:00.0";

Host vmd_host() {
    Host host;
    host.registered("pci", "vfio-pci", "vfio_pci");
    const std::string domain = "/sys/devices/pci0000:00/0000:00:0e.0/pci10000:e0";
    host.pci(kVmd).vendor("8086", "467f").class_code("010400").group(9).driver("vmd");
    host.pci("10000:e0:06.0").bridge().group(9).device().syspath = domain + "/10000:e0:06.0";
    host.pci(kBehindVmd).nvme().group(9).driver("nvme").device().syspath =
        domain + "/10000:e0:06.0/10000:e1:00.0";
    return host;
}

TEST(PlanGroup, WhatIsBehindAVmdIsPartOfIt) {
    const std::string taken =
        "group 9: change\n"
        "  set_override 0000:00:0e.0 vfio-pci\n"
        "  unbind 0000:00:0e.0 vmd\n"
        "  bind 0000:00:0e.0 vfio-pci\n";
    for (const char* group : {"strict", "whole"})
        EXPECT_EQ(
            PolicyFixture(vmd_host(),
                          "rules: [{name: vmd, match: {device: '467f'}, driver: auto, group: " +
                              std::string(group) + "}]")
                .plan(),
            taken);
    EXPECT_EQ(
        PolicyFixture(vmd_host(),
                      "rules:\n- {name: vmd, match: {class: '0104xx'}, driver: auto}\n"
                      "- {name: disks, match: {class: '0108xx'}, driver: auto}")
            .plan(),
        taken +
            "pci/10000:e1:00.0: refused\n"
            "  ! driver-denies 10000:e1:00.0: ends with the driver of 0000:00:0e.0, which rule "
            "vmd takes away (0000:00:0e.0 on vmd)\n");
}

TEST(PlanGroup, ADeviceBehindAVmdIsNotGivenAwayByItself) {
    EXPECT_EQ(
        PolicyFixture(vmd_host(), "rules: [{name: disks, match: {class: '0108xx'}, driver: auto}]")
            .plan(),
        "pci/10000:e1:00.0: refused\n"
        "  ! driver-denies 10000:e1:00.0: is behind 0000:00:0e.0, which does its DMA and "
        "interrupts: only that can be given away (0000:00:0e.0 on vmd)\n");
}

TEST(PlanGroup, AnMdevOfAParentThatIsTakenIsNotPlannedForByItself) {
    Host host;
    host.registered("pci", "vfio-pci", "vfio_pci");
    const std::string uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
    host.pci("0000:00:02.0").gpu().group(1).driver("i915").mdev_type("i915-GVTg_V5_4", 1);
    host.mdev(uuid, "0000:00:02.0", "i915-GVTg_V5_4");
    EXPECT_EQ(
        PolicyFixture(host,
                      "rules:\n- {name: gpu, match: {class: display}, driver: auto}\n"
                      "- {name: vgpu, match: {bus: mdev}, driver: none}")
            .plan(),
        "group 1: change\n"
        "  set_override 0000:00:02.0 vfio-pci\n"
        "  unbind 0000:00:02.0 i915\n"
        "  bind 0000:00:02.0 vfio-pci\n"
        "mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001: refused\n"
        "  ! driver-denies mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001: ends with the driver of "
        "0000:00:02.0, which rule gpu takes away (0000:00:02.0 on i915)\n");
}

TEST(PlanGroup, WholeIncludesAllEndpoints) {
    const PolicyFixture fixture(ich9_host(), take_smbus("whole"));
    EXPECT_EQ(fixture.plan(), kAllThree);
    const auto changes = fixture.make_plan().transactions[0].changes;
    ASSERT_EQ(changes.size(), 3U);
    EXPECT_TRUE(changes[0].taken_along);
    EXPECT_TRUE(changes[1].taken_along);
    EXPECT_FALSE(changes[2].taken_along);
    EXPECT_EQ(changes[0].rule, "smbus");
    EXPECT_EQ(changes[0].where, "p.yaml:2");
}

TEST(PlanGroup, MatchingAllThreeNeedsNoWhole) {
    EXPECT_EQ(
        PolicyFixture(ich9_host(), "rules: [{name: a, match: {iommu_group: 4}, driver: auto}]")
            .plan(),
        kAllThree);
}

TEST(PlanGroup, WholeIncludesOnlyAPeerThatReturned) {
    Host host = ich9_host();
    host.pci(kLpc).vfio("vfio-pci");
    host.pci(kSmbus).vfio("vfio-pci");
    EXPECT_EQ(PolicyFixture(host, take_smbus("whole")).plan(),
              "group 4: change\n"
              "  set_override 0000:00:1f.2 vfio-pci\n"
              "  unbind 0000:00:1f.2 ahci\n"
              "  bind 0000:00:1f.2 vfio-pci\n");
}

TEST(PlanGroup, WholeIsIdempotent) {
    Host host = ich9_host();
    for (const char* address : {kLpc, kSata, kSmbus})
        host.pci(address).vfio("vfio-pci");
    EXPECT_EQ(PolicyFixture(host, take_smbus("whole")).plan(), "group 4: ok\n");
}

TEST(PlanGroup, AListedMatchIncludesItsDevicesAndRefusesForOthers) {
    EXPECT_EQ(PolicyFixture(ich9_host(), take_smbus("[{class: bridge}]")).plan(),
              "group 4: refused\n"
              "  ! group-not-viable 0000:00:1f.2: the group would not be viable: it does DMA for "
              "the host (on ahci)\n");
    EXPECT_EQ(PolicyFixture(ich9_host(), take_smbus("[{class: bridge}, {class: storage}]")).plan(),
              kAllThree);
}

TEST(PlanGroup, HarmlessPeersDoNotBlock) {
    Host host = ich9_host();
    host.pci(kLpc).driver("pci-stub");
    host.pci(kSata).unbound();
    EXPECT_EQ(PolicyFixture(host, take_smbus("strict")).plan(),
              "group 4: change\n"
              "  set_override 0000:00:1f.3 vfio-pci\n"
              "  unbind 0000:00:1f.3 i801_smbus\n"
              "  bind 0000:00:1f.3 vfio-pci\n");
}

TEST(PlanGroup, WholeIncludesUnboundEndpoints) {
    Host host = ich9_host();
    host.pci(kLpc).vfio("vfio-pci");
    host.pci(kSata).unbound();
    EXPECT_EQ(PolicyFixture(host, take_smbus("whole")).plan(),
              "group 4: change\n"
              "  set_override 0000:00:1f.2 vfio-pci\n"
              "  set_override 0000:00:1f.3 vfio-pci\n"
              "  unbind 0000:00:1f.3 i801_smbus\n"
              "  bind 0000:00:1f.2 vfio-pci\n"
              "  bind 0000:00:1f.3 vfio-pci\n");
}

TEST(PlanGroup, BridgesKeepTheirDriver) {
    Host host;
    host.registered("pci", "vfio-pci", "vfio_pci");
    host.pci("0000:00:01.0").bridge().group(1);
    host.pci("0000:01:00.0").gpu().group(1).driver("nouveau");
    host.pci("0000:01:00.1").audio().group(1).driver("snd_hda_intel");
    EXPECT_EQ(PolicyFixture(
                  host, "rules: [{name: g, match: {class: display}, driver: auto, group: whole}]")
                  .plan(),
              "group 1: change\n"
              "  set_override 0000:01:00.0 vfio-pci\n"
              "  set_override 0000:01:00.1 vfio-pci\n"
              "  unbind 0000:01:00.0 nouveau\n"
              "  unbind 0000:01:00.1 snd_hda_intel\n"
              "  bind 0000:01:00.0 vfio-pci\n"
              "  bind 0000:01:00.1 vfio-pci\n");
}

TEST(PlanGroup, AProtectedPeerBlocks) {
    const std::string never = "\n- {name: never, match: {class: storage}, protect: true}";
    EXPECT_EQ(PolicyFixture(ich9_host(), take_smbus("whole", never)).plan(),
              "group 4: refused\n"
              "  ! protected 0000:00:1f.2: the group would not be viable: protected by rule never "
              "(p.yaml:3) (on ahci)\n");
    Host host = ich9_host();
    host.pci(kSata).unbound();
    EXPECT_EQ(PolicyFixture(host, take_smbus("whole", never)).plan(),
              "group 4: change\n"
              "  set_override 0000:00:1f.0 vfio-pci\n"
              "  set_override 0000:00:1f.3 vfio-pci\n"
              "  unbind 0000:00:1f.0 lpc_ich\n"
              "  unbind 0000:00:1f.3 i801_smbus\n"
              "  bind 0000:00:1f.0 vfio-pci\n"
              "  bind 0000:00:1f.3 vfio-pci\n");
}

TEST(PlanGroup, APeerInUseRefusesTheWholeGroup) {
    Host host = ich9_host();
    host.used(kSata, UseKind::kMounted, "a file system on it is mounted", "sda2 on /");
    EXPECT_EQ(PolicyFixture(host, take_smbus("whole")).plan(),
              "group 4: refused\n"
              "  ? mounted 0000:00:1f.2: a file system on it is mounted (sda2 on /)\n");
}

TEST(PlanGroup, AMatchedPeerKeepsItsOwnAction) {
    EXPECT_EQ(PolicyFixture(ich9_host(),
                            take_smbus("strict",
                                       "\n- {name: disks, match: {class: storage}, driver: none}\n"
                                       "- {name: lpc, match: {class: bridge}, driver: [vfio-pci]}"))
                  .plan(),
              "group 4: change\n"
              "  set_override 0000:00:1f.0 vfio-pci\n"
              "  set_override 0000:00:1f.2 none\n"
              "  set_override 0000:00:1f.3 vfio-pci\n"
              "  unbind 0000:00:1f.0 lpc_ich\n"
              "  unbind 0000:00:1f.2 ahci\n"
              "  unbind 0000:00:1f.3 i801_smbus\n"
              "  bind 0000:00:1f.0 vfio-pci\n"
              "  bind 0000:00:1f.3 vfio-pci\n");
}

TEST(PlanGroup, APeerThatARuleGivesToTheHostBlocks) {
    EXPECT_EQ(PolicyFixture(
                  ich9_host(),
                  take_smbus("whole", "\n- {name: disks, match: {class: storage}, driver: host}"))
                  .plan(),
              "group 4: refused\n"
              "  ! group-not-viable 0000:00:1f.2: the group would not be viable: rule disks gives "
              "it to the host (on ahci)\n");
}

TEST(PlanGroup, APeerThatAnotherRuleKeepsBlocks) {
    Host host = ich9_host();
    host.pci(kSata).pf(4, 0);
    EXPECT_EQ(
        PolicyFixture(
            host, take_smbus("whole", "\n- {name: vfs, match: {class: storage}, sriov: {vfs: 2}}"))
            .plan(),
        "group 4: refused\n"
        "  ! group-not-viable 0000:00:1f.2: the group would not be viable: rule vfs needs it "
        "where it is (on ahci)\n"
        "pci/0000:00:1f.2: change\n"
        "  set_attr 0000:00:1f.2 sriov_drivers_autoprobe=0\n"
        "  set_vfs 0000:00:1f.2 2\n"
        "  set_attr 0000:00:1f.2 sriov_drivers_autoprobe=1\n");
}

TEST(PlanGroup, AConflictOnAPeerLeavesTheGroupAsItIs) {
    EXPECT_EQ(PolicyFixture(ich9_host(),
                            take_smbus("whole",
                                       "\n- {name: a, match: {class: storage}, driver: host}"
                                       "\n- {name: b, match: {class: storage}, driver: none}"))
                  .plan(),
              "group 4: conflict\n"
              "  ! ambiguous 0000:00:1f.2: rule a (p.yaml:3) and rule b (p.yaml:4) ask for "
              "different things at priority 0\n");
}

TEST(PlanGroup, APeerOnUserSpaceIoBlocks) {
    Host host = ich9_host();
    host.module("uio_pci_generic", sysfs::ModuleState::kAvailable);
    host.pci(kLpc).unbound();
    EXPECT_EQ(
        PolicyFixture(host, take_smbus("strict",
                                       "\n- {name: uio, match: {class: storage}, driver: "
                                       "uio_pci_generic}"))
            .plan(),
        "group 4: refused\n"
        "  ! group-not-viable 0000:00:1f.2: the group would not be viable: rule uio puts it on "
        "uio_pci_generic (on ahci)\n");
}

TEST(PlanGroup, KeepingADeviceUnboundDoesNotConcernItsGroup) {
    EXPECT_EQ(
        PolicyFixture(ich9_host(), "rules: [{name: lone, match: {device: '2930'}, driver: none}]")
            .plan(),
        "group 4: change\n"
        "  set_override 0000:00:1f.3 none\n"
        "  unbind 0000:00:1f.3 i801_smbus\n");
}

TEST(PlanGroup, IncludedPeersGetTheirOwnVariant) {
    Host host;
    host.with_variants().registered("pci", "vfio-pci", "vfio_pci");
    host.pci("0000:01:00.0").gpu().group(1);
    host.pci("0000:01:00.1").nic().vendor("1af4", "1041").group(1).driver("virtio-pci");
    EXPECT_EQ(PolicyFixture(host,
                            "rules: [{name: g, match: {class: display}, driver: vfio-pci, group: "
                            "whole}]")
                  .plan(),
              "group 1: change\n"
              "  load_module 0000:01:00.1 virtio_vfio_pci\n"
              "  set_override 0000:01:00.0 vfio-pci\n"
              "  set_override 0000:01:00.1 [virtio_vfio_pci]\n"
              "  unbind 0000:01:00.1 virtio-pci\n"
              "  bind 0000:01:00.0 vfio-pci\n"
              "  bind 0000:01:00.1 [virtio_vfio_pci]\n");
}

TEST(PlanGroup, LoadsAModuleOncePerTransaction) {
    Host host;
    host.pci("0000:01:00.0").gpu().group(1);
    host.pci("0000:01:00.1").audio().group(1);
    EXPECT_EQ(
        PolicyFixture(host, "rules: [{name: g, match: {iommu_group: 1}, driver: auto}]").plan(),
        "group 1: change\n"
        "  load_module 0000:01:00.0 vfio_pci\n"
        "  set_override 0000:01:00.0 vfio-pci\n"
        "  set_override 0000:01:00.1 vfio-pci\n"
        "  bind 0000:01:00.0 vfio-pci\n"
        "  bind 0000:01:00.1 vfio-pci\n");
}

}  // namespace
