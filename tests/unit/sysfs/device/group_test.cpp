// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/group.hpp"

#include "tests/unit/sysfs/captured_host.hpp"

namespace sysfs {
namespace {

using GroupTest = CapturedHostTest;

TEST(VfioDrivers, AreRecognisedByAWordOfTheirName) {
    for (const auto* name :
         {"vfio-pci", "virtio_vfio_pci", "mlx5_vfio_pci", "pds-vfio-pci", "vfio-platform",
          "vfio-amba", "vfio-fsl-mc", "vfio-cdx", "vfio_ccw", "vfio_ap", "vfio_mdev",
          "vfio-pci-igd", "nvidia-vgpu-vfio", "vfio_ccw_mdev"})
        EXPECT_TRUE(is_vfio_driver(name)) << name;
    for (const auto* name : {"", "virtio-pci", "e1000e", "myvfio", "vfiopci", "uio_pci_generic"})
        EXPECT_FALSE(is_vfio_driver(name)) << name;
}

TEST_F(GroupTest, IsViableWhenEveryMemberLeavesDmaAlone) {
    host.pci("0000:00:01.0").bridge().group(7);
    host.pci("0000:01:00.0").gpu().group(7).vfio("vfio-pci", "vfio0");
    host.pci("0000:01:00.1").audio().group(7).driver("pci-stub");
    host.pci("0000:01:00.2").nic().group(7).unbound();
    write();
    const Group group = read().groups.at(7);
    EXPECT_TRUE(group.viable());
    EXPECT_EQ(group.devices.size(), 4U);
    EXPECT_EQ(group.type, "DMA-FQ");
}

TEST_F(GroupTest, ListsEveryBlockerWithItsReason) {
    host.pci("0000:00:01.0").bridge().group(7).driver("shpchp");
    host.pci("0000:01:00.0").gpu().group(7).driver("nouveau");
    host.pci("0000:01:00.1").audio().group(7).driver("vfio-pci");
    write();
    EXPECT_EQ(
        read().groups.at(7).blockers,
        (std::vector<Blocker>{
            {{"pci", "0000:00:01.0"}, "shpchp", "a bridge on shpchp, which does DMA for the host"},
            {{"pci", "0000:01:00.0"},
             "nouveau",
             "bound to nouveau, which does DMA for the host"}}));
}

TEST_F(GroupTest, IsViableWithAVendorsDriverWhoseDeviceHasVfioNodes) {
    host.pci("0000:01:00.4").gpu().group(9).vfio("nvidia", "vfio2");
    write();
    EXPECT_TRUE(read().groups.at(9).viable());
    EXPECT_EQ(read().devices.at(0).vfio, (VfioNodes{"9", "vfio2"}));
}

TEST_F(GroupTest, IsRebuiltWhenDevicesChange) {
    host.pci("0000:01:00.0").gpu().group(7).driver("nouveau");
    Inventory inventory = host.inventory();
    inventory.devices.at(0).driver.reset();
    inventory.rebuild_index();
    EXPECT_TRUE(inventory.groups.at(7).viable());
    EXPECT_EQ(inventory.find_group(inventory.devices.at(0)), &inventory.groups.at(7));
    EXPECT_EQ(inventory.find_group(Device{}), nullptr);
}

TEST_F(GroupTest, FollowsDevicesThatWereReadAgain) {
    host.pci("0000:01:00.0").gpu().group(7).driver("nouveau");
    host.pci("0000:01:00.1").audio().group(7).vfio("vfio-pci");
    host.pci("0000:02:00.0").nic().group(8).driver("e1000e");
    Inventory inventory = host.inventory();
    const DeviceId gpu = fake::pci_id("0000:01:00.0");
    const DeviceId nic = fake::pci_id("0000:02:00.0");
    const DeviceId vf = fake::pci_id("0000:02:10.0");
    Inventory found;
    found.devices = {*inventory.find(gpu), *inventory.find(nic)};
    found.devices[0].driver = "vfio-pci";
    found.devices[1].id = vf;
    found.devices[1].iommu_group = 9;
    found.groups[9].type = "DMA-FQ";
    inventory.update(std::vector{gpu, nic, vf}, found);
    EXPECT_EQ(inventory.devices.size(), 3U);
    EXPECT_EQ(inventory.find(gpu)->driver, "vfio-pci");
    EXPECT_EQ(inventory.find(nic), nullptr);
    EXPECT_TRUE(inventory.groups.at(7).viable());
    EXPECT_FALSE(inventory.groups.contains(8));
    EXPECT_EQ(inventory.groups.at(9).devices, std::vector{vf});
    EXPECT_EQ(inventory.groups.at(9).type, "DMA-FQ");
}

TEST_F(GroupTest, HasNameAndNodeUnderNoiommu) {
    host.noiommu().group_type(0, "");
    host.pci("0000:01:00.0").nic().group(0).vfio("vfio-pci");
    auto inventory = host.inventory();
    inventory.groups.at(0).name = "vfio-noiommu";
    inventory.devices.at(0).vfio = VfioNodes{"noiommu-0", "noiommu-vfio0"};
    tree_ = fake::write_tree(temp_.path(), inventory, host.drivers());
    const Inventory found = read();
    EXPECT_EQ(found.groups, inventory.groups);
    EXPECT_EQ(found.devices, inventory.devices);
    EXPECT_FALSE(found.host.iommu);
    EXPECT_TRUE(found.host.noiommu);

    tree_.remove("/sys/class/vfio");  // not captured: the name of the group tells
    EXPECT_EQ(read().devices.at(0).vfio->group, "noiommu-0");
}

TEST_F(GroupTest, HasAnOrdinaryNodeForAnMdev) {
    // vfio calls an emulated device's group "vfio-noiommu" as well, and its node 8 all the same.
    host.mdev_parent("mtty").mdev_type("mtty-2", 12);
    host.mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mtty", "mtty-2")
        .group(8)
        .vfio("mtty", "vfio1")
        .device()
        .driver_override.reset();
    host.group_type(8, "");
    auto inventory = host.inventory();
    inventory.groups.at(8).name = "vfio-noiommu";
    tree_ = fake::write_tree(temp_.path(), inventory, host.drivers());
    EXPECT_EQ(read().devices.at(0).vfio, (VfioNodes{"8", "vfio1"}));
    tree_.remove("/sys/class/vfio");
    EXPECT_EQ(read().devices.at(0).vfio, (VfioNodes{"8", "vfio1"}));
}

TEST_F(GroupTest, IsBuiltFromItsMembersWhenACaptureLacksGroups) {
    host.pci("0000:01:00.0").nic().group(5).driver("e1000e");
    write().remove("/sys/kernel/iommu_groups");
    tree_.remove("/sys/class/iommu");
    const Inventory found = read();
    EXPECT_EQ(found.groups.at(5).devices, std::vector<DeviceId>{fake::pci_id("0000:01:00.0")});
    EXPECT_FALSE(found.groups.at(5).viable());
    EXPECT_TRUE(found.host.iommu);
}

TEST_F(GroupTest, HasNodesOnKernelsWithoutCdev) {
    host.pci("0000:01:00.0").nic().group(5).vfio("vfio-pci");
    write();
    EXPECT_EQ(read().devices.at(0).vfio, (VfioNodes{"5", std::nullopt}));
    // Before 6.1 there is no vfio-dev at all: the driver's name is all there is.
    tree_.remove("/sys/devices/pci0000:01/0000:01:00.0/vfio-dev");
    EXPECT_EQ(read().devices.at(0).vfio, (VfioNodes{"5", std::nullopt}));
    // With cdev only, the class knows of no group node.
    tree_.dir("/sys/devices/pci0000:01/0000:01:00.0/vfio-dev/vfio3/dev");
    tree_.remove("/sys/class/vfio/5");
    EXPECT_EQ(read().devices.at(0).vfio, (VfioNodes{std::nullopt, "vfio3"}));
}

}  // namespace
}  // namespace sysfs
