// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/inventory.hpp"

#include <chrono>
#include <cstdio>

#include "tests/unit/sysfs/captured_host.hpp"

namespace sysfs {
namespace {

using Ids_ = std::vector<std::string>;

Ids_ ids_of(const Inventory& inventory) {
    Ids_ out;
    for (const Device& device : inventory.devices)
        out.push_back(device.id.text());
    return out;
}

using InventoryTest = CapturedHostTest;

TEST_F(InventoryTest, EqualsTheHostItWasWrittenFrom) {
    host.pci("0000:00:01.0").bridge().group(1);
    host.pci("0000:01:00.0")
        .gpu()
        .group(1)
        .behind(host.pci("0000:00:01.0").device())
        .vfio("vfio-pci", "vfio0")
        .numa(1)
        .slot("3-1")
        .boot_vga();
    host.pci("0000:02:00.0")
        .nic()
        .group(2)
        .driver("e1000e")
        .netdev("eth0")
        .netdev("eth1")
        .revision("a1")
        .subsystem("8086", "0001");
    host.pci("10000:e1:00.0").nvme().override_("vfio-pci");
    host.platform("fff51000.ethernet").driver("xgmac").group(3);
    host.css("0.0.0313").driver("vfio_ccw").mdev_type("vfio_ccw-io", 1);
    host.ap("04.0006").driver("cex4queue");
    host.on_bus("vmbus", "f8615163-df3e-46c5-913f-f2d2f965ed0e").driver("hv_netvsc");
    host.mdev_parent("mtty").mdev_type("mtty-1", 24).mdev_type("mtty-2", 12);
    host.mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mtty", "mtty-2")
        .group(8)
        .vfio("mtty", "vfio1")
        .device()
        .driver_override.reset();
    write();

    const Inventory expected = host.inventory();
    Inventory found = read();
    EXPECT_EQ(found.devices, [&] {  // attributes are read on demand only
        auto devices = expected.devices;
        for (Device& device : devices)
            device.attrs.clear();
        return devices;
    }());
    EXPECT_EQ(found.groups, expected.groups);
    EXPECT_EQ(found.host.arch, "x86_64");
    EXPECT_EQ(found.host.kernel, "6.12.1");
    EXPECT_EQ(found.host.machine_id, "0123456789abcdef0123456789abcdef");
    EXPECT_TRUE(found.host.iommu);
    EXPECT_FALSE(found.host.noiommu);
    EXPECT_EQ(found.warnings, Ids_{});
    for (const Device& one : found.devices)
        EXPECT_EQ(device(one.id), one) << "read alone: " << one.id.text();
}

TEST_F(InventoryTest, IsOrderedPciFirstThenNaturally) {
    for (const auto* address : {"10000:01:00.0", "0000:0a:00.0", "0000:02:00.0", "0000:10:00.0"})
        host.pci(address).nic();
    host.platform("uart10");
    host.platform("uart9");
    host.ap("04.0006");
    write();
    EXPECT_EQ(ids_of(read()),
              (Ids_{"pci/0000:02:00.0", "pci/0000:0a:00.0", "pci/0000:10:00.0", "pci/10000:01:00.0",
                    "ap/04.0006", "platform/uart9", "platform/uart10"}));
}

TEST_F(InventoryTest, SkipsADeviceThatVanished) {
    host.pci("0000:01:00.0").nic().group(1);
    host.pci("0000:02:00.0").nic().group(2);
    write().remove("/sys/devices/pci0000:01");
    const Inventory found = read();
    EXPECT_EQ(ids_of(found), Ids_{"pci/0000:02:00.0"});
    EXPECT_EQ(found.warnings, Ids_{});
    EXPECT_EQ(found.find({"pci", "0000:01:00.0"}), nullptr);
    const auto gone = read_device(tree_.root(), {"pci", "0000:01:00.0"}, {});
    EXPECT_EQ(gone.error().code, base::Code::kNotFound);
    EXPECT_EQ(gone.error().text(), "0000:01:00.0: no such device");
}

TEST_F(InventoryTest, RefusesPathsAsDevices) {
    host.pci("0000:01:00.0").nic();
    write();
    EXPECT_EQ(read_device(tree_.root(), {"pci", "../../../etc"}, {}).error().code,
              base::Code::kInvalid);
    EXPECT_EQ(read_device(tree_.root(), {"../bus", "x"}, {}).error().code, base::Code::kInvalid);
    EXPECT_EQ(read_device(tree_.root(), {"nobus", "x"}, {}).error().code, base::Code::kNotFound);
}

TEST_F(InventoryTest, FindsBusesByTheirAttribute) {
    host.on_bus("futurebus", "dev0").driver("future");
    host.on_bus("usb", "1-1").device().has_override = false;
    host.ap("04.0006");
    host.on_bus("ap", "card04").device().has_override = false;
    write();
    EXPECT_EQ(ids_of(read()), (Ids_{"ap/04.0006", "futurebus/dev0"}));
}

TEST_F(InventoryTest, CountsGroupMembersOfOtherBuses) {
    host.pci("0000:01:00.0").nic().group(4);
    host.on_bus("host1x", "ctx0").group(4).driver("tegra").device().has_override = false;
    write();
    const Inventory found = read();
    EXPECT_EQ(ids_of(found), (Ids_{"pci/0000:01:00.0", "host1x/ctx0"}));
    EXPECT_EQ(found.groups.at(4).blockers,
              (std::vector<Blocker>{
                  {{"host1x", "ctx0"}, "tegra", "bound to tegra, which does DMA for the host"}}));
}

TEST_F(InventoryTest, ScansBrieflyWhatVfioHasOrCouldHave) {
    host.pci("0000:01:00.0").nic().group(4).numa(1).revision("a1");
    host.platform("uart0").driver("serial8250");
    host.platform("fff51000.ethernet").driver("xgmac").group(3);
    host.css("0.0.0313").driver("vfio_ccw").mdev_type("vfio_ccw-io", 1);
    host.css("0.0.0314").driver("io_subchannel");
    host.on_bus("host1x", "ctx0").group(4).driver("tegra").device().has_override = false;
    host.on_bus("futurebus", "dev0").driver("future");
    host.mdev_parent("mtty").mdev_type("mtty-2", 12);
    host.mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mtty", "mtty-2")
        .group(8)
        .vfio("mtty", "vfio1");
    host.group_type(4, "DMA");
    write();
    const Inventory whole = read({});
    ScanOptions wanted;
    wanted.brief = true;
    const Inventory brief = read(wanted);
    EXPECT_EQ(ids_of(brief), (Ids_{"pci/0000:01:00.0", "css/0.0.0313", "host1x/ctx0",
                                   "mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mdev_parent/mtty",
                                   "platform/fff51000.ethernet"}));
    EXPECT_EQ(brief.devices[0].numa_node, std::nullopt);
    EXPECT_EQ(brief.devices[0].ids.revision, std::nullopt);
    EXPECT_EQ(brief.groups.at(4).type, "");
    EXPECT_EQ(brief.groups.at(4).blockers, whole.groups.at(4).blockers);
    EXPECT_EQ(brief.host.iommu, whole.host.iommu);

    wanted.other_buses = wanted.numa_nodes = wanted.revisions = true;
    EXPECT_EQ(read(wanted).devices, whole.devices);
}

TEST_F(InventoryTest, ScansBrieflyWhatVfioHasWithoutAnIommu) {
    host.noiommu();
    host.platform("uart0").driver("serial8250");
    host.on_bus("futurebus", "dev0").vfio("vfio-future", "vfio0");
    host.platform("fff51000.ethernet").vfio("vfio-platform", "vfio1");
    write();
    ScanOptions wanted;
    wanted.brief = true;
    EXPECT_EQ(ids_of(read(wanted)), (Ids_{"futurebus/dev0", "platform/fff51000.ethernet"}));
}

TEST_F(InventoryTest, ReadsExpensiveAttributesOnDemandOnly) {
    host.pci("0000:01:00.0")
        .nic()
        .serial("A1B2")
        .property("ID_PATH", "pci-0000:01:00.0")
        .attr("power/control", "auto")
        .attr("label", "LAN");
    write();
    const Device bare = read().devices.at(0);
    EXPECT_EQ(bare.serial, std::nullopt);
    EXPECT_TRUE(bare.properties.empty());
    EXPECT_TRUE(bare.attrs.empty());

    ScanOptions wanted;
    wanted.serial = wanted.properties = true;
    wanted.attrs = {"power/control", "absent", "../../uevent"};
    const Device full = read(wanted).devices.at(0);
    EXPECT_EQ(full.serial, "A1B2");
    EXPECT_EQ(full.attrs, (std::map<std::string, std::string>{{"power/control", "auto"}}));
    EXPECT_EQ(full.properties,
              (std::map<std::string, std::string>{
                  {"ID_PATH", "pci-0000:01:00.0"},
                  {"MODALIAS", "pci:v00008086d000010D3sv00000000sd00000000bc02sc00i00"},
                  {"PCI_CLASS", "20000"},
                  {"PCI_ID", "8086:10D3"},
                  {"PCI_SLOT_NAME", "0000:01:00.0"},
                  {"PCI_SUBSYS_ID", "0000:0000"}}));
}

TEST_F(InventoryTest, LeavesTheArchitectureEmptyWhenACaptureLacksIt) {
    host.arch("").kernel("").machine_id("");
    write().file("/etc/machine-id", "uninitialized\n");
    const sysfs::Host found = read().host;
    EXPECT_EQ(found.arch + found.kernel + found.machine_id, "");
}

TEST_F(InventoryTest, FailsOnlyWithoutSysfs) {
    EXPECT_EQ(read_inventory(tree_.root(), {}).error().code, base::Code::kNotFound);
    tree_.dir("/sys");
    const Inventory empty = read();
    EXPECT_TRUE(empty.devices.empty());
    EXPECT_EQ(empty.warnings, Ids_{temp_.path() + "/sys/bus: open: No such file or directory"});
}

TEST_F(InventoryTest, ReadsThisMachineToo) {
    const auto found = read_inventory(Root{}, {});
    if (!found)
        GTEST_SKIP() << found.error().text();
    EXPECT_NE(found->host.arch, "");
    EXPECT_NE(found->host.kernel, "");
    for (const Device& one : found->devices)
        EXPECT_EQ(found->find(one.id), &one);
}

TEST_F(InventoryTest, ListsFourThousandDevices) {
    for (unsigned bus = 0; bus < 16; ++bus)
        for (unsigned slot = 0; slot < 32; ++slot)
            for (unsigned function = 0; function < 8; ++function) {
                const PciAddress address{0, static_cast<std::uint8_t>(bus),
                                         static_cast<std::uint8_t>(slot),
                                         static_cast<std::uint8_t>(function)};
                host.pci(address.text())
                    .nic()
                    .group(static_cast<int>(bus * 256 + slot * 8 + function));
            }
    write();
    const auto start = std::chrono::steady_clock::now();
    const Inventory found = read();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    std::printf("4096 devices in as many groups: %.1f ms\n", took.count());
    EXPECT_EQ(found.devices.size(), 4096U);
    EXPECT_EQ(found.groups.size(), 4096U);
}

}  // namespace
}  // namespace sysfs
