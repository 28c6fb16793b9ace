// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/locking_attributes.hpp"

#include "tests/unit/sysfs/captured_host.hpp"

namespace sysfs {
namespace {

using LockingAttributesTest = CapturedHostTest;

TEST_F(LockingAttributesTest, DistinguishesAbsentFromEmptyBeyondAProcess) {
    LockingAttributes read;
    read.uevent = "PCI_ID=8086:10D3\nMODALIAS=x";
    read.serial = "";
    read.attrs = {{"empty", ""}, {"numa_node", "-1"}};
    const LockingAttributes got = LockingAttributes::from_texts(read.to_texts());
    EXPECT_EQ(got.uevent, read.uevent);
    EXPECT_EQ(got.driver_override, std::nullopt);
    EXPECT_EQ(got.serial, "");
    EXPECT_EQ(got.attrs, read.attrs);
}

TEST_F(LockingAttributesTest, AScanInAnotherProcessFindsTheSame) {
    host.pci("0000:01:00.0").gpu().group(1).override_("vfio-pci").serial("S1").attr("a", "1");
    host.pci("0000:02:00.0").nic().group(2).driver("e1000e").netdev("eth0");
    host.mdev_parent("mtty").mdev_type("mtty-1", 8);
    host.mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mtty", "mtty-1");
    write();
    ScanOptions wanted;
    wanted.serial = true;
    wanted.attrs = {"a", "absent"};
    const auto here = read_inventory(tree_.root(), wanted);
    const auto there = read_inventory(tree_.root(), wanted, HangingReads::kAbandon);
    ASSERT_TRUE(here && there);
    EXPECT_EQ(here->devices, there->devices);
    EXPECT_EQ(here->find({"pci", "0000:01:00.0"})->serial, "S1");
}

}  // namespace
}  // namespace sysfs
