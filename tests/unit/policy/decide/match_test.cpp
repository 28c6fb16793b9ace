// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/match.hpp"

#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.hpp"

namespace {

using fake::Host;
using policy_test::policies;

/// One host with a device for every key of a match.
Host rich_host() {
    Host host;
    host.pci("0000:00:01.0").bridge();
    host.pci("0000:01:00.0")
        .gpu()
        .vendor("10de", "2204")
        .subsystem("1043", "87d9")
        .revision("a1")
        .behind(host.pci("0000:00:01.0").device())
        .group(15)
        .numa(1)
        .slot("5")
        .serial("00-11-22")
        .driver("nouveau")
        .boot_vga()
        .property("ID_PCI_SUBCLASS_FROM_DATABASE", "VGA compatible controller")
        .attr("power/control", "auto");
    host.pci("0000:02:00.0").nic().pf(8, 4).netdev("ens1f0").netdev("ens1f0v").driver("mlx5_core");
    host.pci("0000:02:00.3").nic().vf_of("0000:02:00.0", 3);
    host.platform("fsl-usb.0").driver("dwc3");
    host.mdev_parent("mtty").mdev_type("mtty-1", 24);
    return host;
}

/// Does `match` (the body of a match, in YAML's flow style) hold for the device?
bool holds(const std::string& match, const sysfs::DeviceId& id) {
    const auto set = policies("rules: [{name: r, protect: true, match: {" + match + "}}]");
    const auto inventory = rich_host().inventory();
    const sysfs::Device& device = *inventory.find(id);
    const bool quick = policy::matches(set.rules.at(0).match, device, inventory);
    // explain must agree with the decision.
    std::vector<policy::FieldResult> fields;
    EXPECT_EQ(policy::trace(set.rules.at(0).match, device, inventory, fields), quick) << match;
    return quick;
}

bool gpu(const std::string& match) {
    return holds(match, fake::pci_id("0000:01:00.0"));
}
bool pf(const std::string& match) {
    return holds(match, fake::pci_id("0000:02:00.0"));
}
bool vf(const std::string& match) {
    return holds(match, fake::pci_id("0000:02:00.3"));
}
bool platform(const std::string& match) {
    return holds(match, {"platform", "fsl-usb.0"});
}
bool mtty(const std::string& match) {
    return holds(match, {"mdev_parent", "mtty"});
}

std::string traced(const std::string& match, const sysfs::DeviceId& id) {
    const auto set = policies("rules: [{name: r, protect: true, match: {" + match + "}}]");
    const auto inventory = rich_host().inventory();
    std::vector<policy::FieldResult> fields;
    const bool matched =
        policy::trace(set.rules.at(0).match, *inventory.find(id), inventory, fields);
    std::string out = matched ? "matched\n" : "not matched\n";
    for (const auto& field : fields)
        out += field.key + " | " + field.wanted + " | " + field.actual.value_or("-") + " | " +
               (field.ok ? "ok" : "no") + "\n";
    return out;
}

TEST(Match, AllGivenKeysMustHold) {
    EXPECT_TRUE(gpu("vendor: '10de', device: '2204'"));
    EXPECT_FALSE(gpu("vendor: '10de', device: '2205'"));
    EXPECT_FALSE(gpu("vendor: '8086', device: '2204'"));
}

TEST(Match, AListMeansAnyOf) {
    EXPECT_TRUE(gpu("vendor: ['8086', '10de']"));
    EXPECT_FALSE(gpu("vendor: ['8086', '1002']"));
}

TEST(Match, BusDefaultsToPci) {
    EXPECT_FALSE(platform("driver: dwc3"));
    EXPECT_TRUE(platform("bus: platform, driver: dwc3"));
    EXPECT_FALSE(gpu("bus: platform"));
    EXPECT_TRUE(gpu("driver: nouveau"));
}

TEST(Match, BusDefaultAppliesOnceToTheWholeMatch) {
    EXPECT_FALSE(platform("not: {driver: nouveau}"));
    EXPECT_FALSE(platform("any: [{driver: dwc3}]"));
    EXPECT_TRUE(platform("all: [{bus: platform}, {driver: dwc3}]"));
    EXPECT_TRUE(platform("not: {bus: pci}"));
}

TEST(Match, AnAlternativeThatNamesNoBusKeepsTheDefault) {
    EXPECT_TRUE(platform("any: [{bus: platform}, {vendor: '10de'}]"));
    EXPECT_TRUE(gpu("any: [{bus: platform}, {vendor: '10de'}]"));
    EXPECT_FALSE(platform("any: [{bus: cdx}, {driver: dwc3}]"));
}

TEST(Match, AddressIsAGlob) {
    EXPECT_TRUE(gpu("address: '0000:01:00.0'"));
    EXPECT_TRUE(gpu("address: '0000:01:*'"));
    EXPECT_FALSE(gpu("address: '0000:02:*'"));
    EXPECT_TRUE(gpu("address: '0000:0[1-3]:00.?'"));
}

TEST(Match, ByIdsClassAndRevision) {
    EXPECT_TRUE(gpu("subsystem_vendor: '1043', subsystem_device: '87d9'"));
    EXPECT_FALSE(gpu("subsystem_vendor: '1044'"));
    EXPECT_TRUE(gpu("class: display"));
    EXPECT_TRUE(gpu("class: '0300xx'"));
    EXPECT_FALSE(gpu("class: '0302xx'"));
    EXPECT_FALSE(gpu("class: [storage, network]"));
    EXPECT_TRUE(gpu("revision: 'a1'"));
    EXPECT_FALSE(gpu("revision: '00'"));
}

TEST(Match, ByDriverOrNone) {
    EXPECT_TRUE(gpu("driver: nouv*"));
    EXPECT_FALSE(gpu("driver: none"));
    EXPECT_TRUE(vf("driver: none"));
    EXPECT_FALSE(vf("driver: '*'"));
    EXPECT_TRUE(vf("driver: [nouveau, none]"));
}

TEST(Match, ByPlace) {
    EXPECT_TRUE(gpu("path: 'pci0000:00/01.0/00.0'"));
    EXPECT_TRUE(gpu("path: 'pci0000:00/*'"));
    EXPECT_FALSE(gpu("path: 'pci0000:00/02.0/*'"));
    EXPECT_TRUE(gpu("slot: '5'"));
    EXPECT_FALSE(pf("slot: '5'"));
    EXPECT_TRUE(gpu("numa_node: 1"));
    EXPECT_FALSE(pf("numa_node: 0"));
    EXPECT_TRUE(gpu("iommu_group: 15"));
    EXPECT_FALSE(gpu("iommu_group: 1"));
}

TEST(Match, ByModaliasSerialAndNetdev) {
    EXPECT_TRUE(gpu("modalias: 'pci:v000010DEd00002204sv00001043sd000087D9bc03sc00i00'"));
    EXPECT_TRUE(gpu("modalias: 'pci:v000010DE*'"));
    EXPECT_FALSE(gpu("modalias: 'pci:v00008086*'"));
    EXPECT_TRUE(gpu("serial: '00-11-22'"));
    EXPECT_FALSE(pf("serial: '00-11-22'"));
    EXPECT_TRUE(pf("netdev: 'ens1f0'"));
    EXPECT_TRUE(pf("netdev: '*f0v'"));
    EXPECT_FALSE(gpu("netdev: '*'"));
}

TEST(Match, VfsByPfAndIndex) {
    EXPECT_TRUE(vf("is_vf: true"));
    EXPECT_TRUE(gpu("is_vf: false"));
    EXPECT_TRUE(pf("is_pf: true"));
    EXPECT_FALSE(vf("is_pf: true"));
    EXPECT_TRUE(vf("vf: 3"));
    EXPECT_TRUE(vf("vf: '0-3'"));
    EXPECT_FALSE(vf("vf: '0-2'"));
    EXPECT_FALSE(pf("vf: '0-3'"));
    EXPECT_TRUE(vf("pf: {netdev: ens1f0}, vf: '2-7'"));
    EXPECT_FALSE(vf("pf: {netdev: ens2*}"));
    EXPECT_FALSE(gpu("pf: {not: {driver: nouveau}}"));
}

TEST(Match, ByHost) {
    EXPECT_TRUE(gpu("arch: x86_64"));
    EXPECT_FALSE(gpu("arch: s390x"));
    EXPECT_TRUE(gpu("kernel: '>=6.8'"));
    EXPECT_FALSE(gpu("kernel: '<6.8'"));
}

TEST(Match, ByPropertyAndAttr) {
    EXPECT_TRUE(gpu("property: {ID_PCI_SUBCLASS_FROM_DATABASE: 'VGA*'}"));
    EXPECT_FALSE(gpu("property: {ID_PCI_SUBCLASS_FROM_DATABASE: 'Audio*'}"));
    EXPECT_TRUE(gpu("attr: {power/control: 'a*'}"));
    EXPECT_FALSE(pf("attr: {power/control: '*'}"));
}

TEST(Match, AnMdevParentNeedsNoBus) {
    EXPECT_TRUE(mtty("mdev_parent: mtty"));
    EXPECT_TRUE(mtty("mdev_parent: 'm*'"));
    EXPECT_FALSE(gpu("mdev_parent: '*'"));
    EXPECT_FALSE(mtty("is_vf: false"));
}

TEST(Match, AnAbsentFactNeverMatches) {
    EXPECT_FALSE(pf("boot_vga: true"));
    EXPECT_FALSE(pf("boot_vga: false"));
    EXPECT_TRUE(pf("not: {boot_vga: true}"));
    EXPECT_TRUE(pf("not: {boot_vga: false}"));
    EXPECT_TRUE(gpu("boot_vga: true"));
    EXPECT_FALSE(gpu("not: {boot_vga: true}"));
}

TEST(Match, CombinatorsNest) {
    EXPECT_TRUE(gpu("any: [{vendor: '8086'}, {all: [{class: display}, {numa_node: 1}]}]"));
    EXPECT_FALSE(gpu("any: [{vendor: '8086'}, {all: [{class: display}, {numa_node: 0}]}]"));
    EXPECT_TRUE(gpu("not: {any: [{vendor: '8086'}, {class: network}]}"));
    EXPECT_FALSE(gpu("not: {any: [{vendor: '8086'}, {class: display}]}"));
    EXPECT_TRUE(gpu("not: {vendor: '10de', class: network}"));
}

TEST(MatchTrace, ShowsEveryFieldWithWhatTheDeviceHas) {
    EXPECT_EQ(traced("vendor: '8086', class: display, driver: [vfio-pci, none], "
                     "not: {boot_vga: true}, numa_node: 1",
                     fake::pci_id("0000:01:00.0")),
              "not matched\n"
              "vendor | 8086 | 10de | no\n"
              "class | display | 030000 | ok\n"
              "driver | vfio-pci, none | nouveau | no\n"
              "numa_node | 1 | 1 | ok\n"
              "not.boot_vga | true | true | no\n");
}

TEST(MatchTrace, NamesNestedFieldsByTheirPath) {
    EXPECT_EQ(traced("any: [{class: storage}, {class: network}], pf: {netdev: ens1f0}, "
                     "not: {boot_vga: true}",
                     fake::pci_id("0000:02:00.3")),
              "matched\n"
              "pf.netdev | ens1f0 | ens1f0, ens1f0v | ok\n"
              "any[0].class | storage | 020000 | no\n"
              "any[1].class | network | 020000 | ok\n"
              "not.boot_vga | true | - | ok\n");
}

TEST(MatchTrace, ShowsAbsentFactsOfADeviceWithoutAPf) {
    EXPECT_EQ(traced("pf: {netdev: ens1f0, not: {driver: none}}", fake::pci_id("0000:01:00.0")),
              "not matched\n"
              "pf.netdev | ens1f0 | - | no\n"
              "pf.not.driver | none | - | no\n");
}

TEST(MatchTrace, ShowsTheBusDefaultOnlyWhenItDecides) {
    EXPECT_EQ(traced("driver: dwc3", {"platform", "fsl-usb.0"}),
              "not matched\n"
              "bus | pci | platform | no\n"
              "driver | dwc3 | dwc3 | ok\n");
}

TEST(MatchTrace, NamesPropertiesAndAttributes) {
    EXPECT_EQ(
        traced("property: {ID_X: z}, attr: {power/control: 'a*'}", fake::pci_id("0000:01:00.0")),
        "not matched\n"
        "property.ID_X | z | - | no\n"
        "attr.power/control | a* | auto | ok\n");
}

}  // namespace
