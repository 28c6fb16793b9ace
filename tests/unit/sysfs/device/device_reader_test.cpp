// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/device_reader.hpp"

#include "tests/unit/sysfs/captured_host.hpp"

namespace sysfs {
namespace {

using DeviceReaderTest = CapturedHostTest;

TEST_F(DeviceReaderTest, ReadsBothNotationsOfAnUnsetOverride) {
    host.pci("0000:01:00.0").nic();
    host.ap("04.0006");
    host.platform("uart0");
    write().file("/sys/devices/platform/uart0/driver_override", "\n");
    for (const Device& one : read().devices) {
        EXPECT_TRUE(one.has_override) << one.id.text();
        EXPECT_EQ(one.driver_override, std::nullopt) << one.id.text();
    }
}

TEST_F(DeviceReaderTest, FallsBackToSingleAttributesWithoutUevent) {
    host.pci("0000:01:00.0").gpu().group(1).driver("nouveau").subsystem("1458", "4030");
    host.pci("0000:02:00.0").nic();
    const Inventory expected = host.inventory();
    write().remove("/sys/devices/pci0000:01/0000:01:00.0/uevent");
    tree_.file("/sys/devices/pci0000:02/0000:02:00.0/uevent", "PCI_ID=zz:10D3\nPCI_CLASS=\n=\nx\n");
    EXPECT_EQ(read().devices.at(0), expected.devices.at(0));
    EXPECT_EQ(read().devices.at(1).ids, expected.devices.at(1).ids);
}

TEST_F(DeviceReaderTest, ReadsCapturesWithoutLinks) {
    tree_.file("/sys/bus/pci/devices/0000:01:00.0/uevent", "DRIVER=e1000e\nPCI_ID=8086:10D3\n");
    const Device found = read().devices.at(0);
    EXPECT_EQ(found.syspath, "/sys/bus/pci/devices/0000:01:00.0");
    EXPECT_EQ(found.driver, "e1000e");
    EXPECT_FALSE(found.has_override);
}

TEST_F(DeviceReaderTest, IgnoresMalformedAttributes) {
    host.pci("0000:01:00.0").nic();
    const std::string at = "/sys/devices/pci0000:01/0000:01:00.0/";
    write().file(at + "driver_override", "\xff\xfe\n").file(at + "numa_node", "many\n");
    tree_.file(at + "revision", "0x1ff\n")
        .file(at + "reset_method", " \n")
        .file(at + "label", "\x80");
    tree_.file(at + "sriov_totalvfs", "99999999999999999999\n").link(at + "virtfnX", at + "x");
    ScanOptions labels;
    labels.attrs = {"label"};
    labels.resets = true;
    const Device found = read(labels).devices.at(0);
    EXPECT_EQ(found.driver_override, "\xff\xfe");
    EXPECT_EQ(found.numa_node, std::nullopt);
    EXPECT_EQ(found.ids.revision, std::nullopt);
    EXPECT_EQ(found.reset_methods, std::vector<std::string>{});
    EXPECT_EQ(found.attrs.at("label"), "\x80");
    EXPECT_EQ(found.sriov, SriovPf{});
}

TEST_F(DeviceReaderTest, ReadsPfsAndVfsWithTheirIndex) {
    host.pci("0000:01:00.0").nic().pf(64, 12);
    for (unsigned index = 0; index < 12; ++index)
        host.pci("0000:01:10." + std::to_string(index % 8)).nic().vf_of("0000:01:00.0", index % 8);
    write();
    const Inventory found = read();
    EXPECT_EQ(found.devices, host.inventory().devices);
    EXPECT_EQ(found.find({"pci", "0000:01:10.3"})->vf, (SriovVf{"0000:01:00.0", 3}));
    EXPECT_EQ(found.find({"pci", "0000:01:00.0"})->sriov->vfs.size(), 8U);

    // Some of them, with their PF or without.
    std::vector<DeviceId> some = {{"pci", "0000:01:10.5"}, {"pci", "0000:01:10.3"}};
    EXPECT_EQ(read_devices(tree_.root(), some, {})->find(some[1])->vf,
              (SriovVf{"0000:01:00.0", 3}));
    some.push_back({"pci", "0000:01:00.0"});
    EXPECT_EQ(read_devices(tree_.root(), some, {})->find(some[0])->vf,
              (SriovVf{"0000:01:00.0", 5}));
}

TEST_F(DeviceReaderTest, ReadsInterfacesOnVirtioButNotOnUsb) {
    host.pci("0000:01:00.0").nic();
    host.pci("0000:02:00.0").nic();
    write().dir("/sys/devices/pci0000:01/0000:01:00.0/virtio1/net/eth0");
    tree_.dir("/sys/devices/pci0000:02/0000:02:00.0/usb1/1-1/1-1:1.0/net/eth1");
    EXPECT_EQ(read().devices.at(0).netdevs, std::vector<std::string>{"eth0"});
    EXPECT_EQ(read().devices.at(1).netdevs, std::vector<std::string>{});
}

TEST_F(DeviceReaderTest, ReadsHeaderTypesWithoutConfigSpace) {
    host.pci("0000:00:00.0").nic().class_code("060000");
    host.pci("0000:00:01.0").bridge();
    host.pci("0000:00:02.0").nic().class_code("060700");
    host.pci("0000:00:03.0").nic();
    host.pci("0000:00:04.0").nic().class_code("088000");  // a bridge that says it is something else
    write();
    for (const auto* address : {"0000:00:01.0", "0000:00:02.0", "0000:00:03.0", "0000:00:04.0"})
        tree_.remove("/sys/devices/pci0000:00/" + std::string(address) + "/config");
    tree_.file("/sys/devices/pci0000:00/0000:00:04.0/secondary_bus_number", "2\n");
    std::vector<unsigned> types;
    for (const Device& one : read().devices)
        types.push_back(one.header_type.value_or(0xff));
    EXPECT_EQ(types, (std::vector<unsigned>{0, 1, 2, 0, 1}));
}

}  // namespace
}  // namespace sysfs
