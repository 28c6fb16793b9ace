// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/quarantined_devices.hpp"

#include <gtest/gtest.h>

namespace bindd {
namespace {

using DeviceSet = std::set<sysfs::DeviceId>;

const sysfs::DeviceId kCard{"pci", "0000:01:00.0"};
const sysfs::DeviceId kSound{"pci", "0000:01:00.1"};
const sysfs::DeviceId kDrive{"pci", "0000:02:00.0"};

TEST(QuarantinedDevices, IsWhatATransactionHasUntilItLetsGo) {
    QuarantinedDevices quarantine;
    quarantine.add("txn-1", "unbind does not return", {kCard, kSound});
    quarantine.add("txn-2", "being undone", {kDrive});
    EXPECT_EQ(quarantine.devices(), (DeviceSet{kCard, kSound, kDrive}));
    EXPECT_EQ(quarantine.devices_in("txn-1"), (DeviceSet{kCard, kSound}));
    ASSERT_NE(quarantine.reason(kSound), nullptr);
    EXPECT_EQ(*quarantine.reason(kSound), "unbind does not return");
    quarantine.release("txn-1");
    EXPECT_FALSE(quarantine.has("txn-1"));
    EXPECT_EQ(quarantine.devices_in("txn-1"), DeviceSet{});
    EXPECT_EQ(quarantine.reason(kSound), nullptr);
    EXPECT_EQ(quarantine.devices(), DeviceSet{kDrive});
}

TEST(QuarantinedDevices, StaysSoWhileAnotherHasIt) {
    QuarantinedDevices quarantine;
    quarantine.add("look-1", "reading it does not return", {kCard});
    quarantine.add("txn-1", "unbind does not return", {kCard});
    quarantine.release("look-1");
    ASSERT_NE(quarantine.reason(kCard), nullptr);
    EXPECT_EQ(*quarantine.reason(kCard), "unbind does not return");
}

TEST(QuarantinedDevices, IsListedByTransactionWithTheNewestReason) {
    QuarantinedDevices quarantine;
    quarantine.add("txn-2", "being undone", {kDrive});
    quarantine.add("txn-1", "being undone", {kCard});
    quarantine.add("txn-1", "still being undone", {kSound});
    quarantine.set_reason("txn-2", "held by qemu (4711)");
    quarantine.set_reason("txn-3", "nobody knows it");
    EXPECT_EQ(quarantine.list(),
              (std::vector<StuckDevice>{{kCard, "txn-1", "still being undone"},
                                        {kSound, "txn-1", "still being undone"},
                                        {kDrive, "txn-2", "held by qemu (4711)"}}));
}

TEST(QuarantinedDevices, IsTakenOutOfWhatIsToBeRead) {
    QuarantinedDevices quarantine;
    quarantine.add("txn-1", "unbind does not return", {kSound});
    std::vector<sysfs::DeviceId> devices{kDrive, kSound, kCard};
    quarantine.remove_from(devices);
    EXPECT_EQ(devices, (std::vector<sysfs::DeviceId>{kDrive, kCard}));
}

}  // namespace
}  // namespace bindd
