// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/hwdb.hpp"

#include "sysfs/device/pci_ids.hpp"
#include "tests/unit/sysfs/captured_host.hpp"

namespace sysfs {
namespace {

constexpr const char* kText =
    "# comment\n"
    "\n"
    "8086  Intel Corporation\n"
    "\t10d3  82574L Gigabit Network Connection\n"
    "\t\t8086 a01f  Gigabit CT Desktop Adapter\n"
    "# in between\n"
    "\t\t8086 357a  Server Board\n"
    "\t10d4  Another\n"
    "10de  NVIDIA Corporation\n"
    "\t2204  GA102\n"
    "C 02  Network controller\n"
    "\t00  Ethernet controller\n"
    "\t80  Network controller\n"
    "C 03  Display controller\n"
    "\t00  VGA compatible controller\n"
    "\t\t00  VGA controller";

TEST(PciIds, FindsOneEntry) {
    const PciIds ids(kText);
    EXPECT_EQ(ids.vendor(0x8086), "Intel Corporation");
    EXPECT_EQ(ids.device(0x8086, 0x10d3), "82574L Gigabit Network Connection");
    EXPECT_EQ(ids.subsystem(0x8086, 0x10d3, 0x8086, 0x357a), "Server Board");
    EXPECT_EQ(ids.base_class(3), "Display controller");
    EXPECT_EQ(ids.subclass(3, 0), "VGA compatible controller");
}

TEST(PciIds, DoesNotReturnAnEntryOfAnotherVendor) {
    const PciIds ids(kText);
    EXPECT_EQ(ids.vendor(0x10d3), std::nullopt);          // a device's id is no vendor's
    EXPECT_EQ(ids.device(0x8086, 0x2204), std::nullopt);  // the next vendor's device
    EXPECT_EQ(ids.device(0x10de, 0x10d3), std::nullopt);  // an earlier vendor's
    EXPECT_EQ(ids.subsystem(0x8086, 0x10d4, 0x8086, 0x357a), std::nullopt);
    EXPECT_EQ(ids.subclass(2, 1), std::nullopt);
    EXPECT_EQ(ids.base_class(0x10), std::nullopt);
    EXPECT_EQ(PciIds("").vendor(0x8086), std::nullopt);
    EXPECT_EQ(PciIds("8086  ").vendor(0x8086), std::nullopt);
}

using HardwareDatabaseTest = CapturedHostTest;

TEST_F(HardwareDatabaseTest, PrefersThePciIdsOfTheCapture) {
    host.pci("0000:01:00.0").nic().subsystem("8086", "a01f");
    host.pci("0000:02:00.0").nic().vendor("8086", "ffff").class_code("050000");
    write().file("/usr/share/misc/pci.ids", kText);
    HardwareDatabase database(tree_.root());
    const Inventory inventory = read();
    EXPECT_EQ(database.names(inventory.devices.at(0)),
              (HardwareNames{"Intel Corporation", "82574L Gigabit Network Connection",
                             "Network controller", "Ethernet controller"}));
    EXPECT_EQ(database.subsystem(inventory.devices.at(0)), "Gigabit CT Desktop Adapter");
    EXPECT_EQ(database.subsystem(inventory.devices.at(1)), std::nullopt);
    HardwareNames vendor_only;
    vendor_only.vendor = "Intel Corporation";
    EXPECT_EQ(database.names(inventory.devices.at(1)), vendor_only);
}

TEST_F(HardwareDatabaseTest, HasNoNamesForADeviceWithoutIds) {
    HardwareDatabase database(tree_.root());
    Device device;
    device.id = {"platform", "uart0"};
    EXPECT_EQ(database.names(device), HardwareNames{});
}

}  // namespace
}  // namespace sysfs
