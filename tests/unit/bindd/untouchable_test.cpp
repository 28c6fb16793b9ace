// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/untouchable.hpp"

#include <gtest/gtest.h>

namespace bindd {
namespace {

using DeviceSet = std::set<sysfs::DeviceId>;

const sysfs::DeviceId kCard{"pci", "0000:01:00.0"};
const sysfs::DeviceId kSound{"pci", "0000:01:00.1"};
const sysfs::DeviceId kDrive{"pci", "0000:02:00.0"};

TEST(Untouchable, IsWhatATransactionHasUntilItLetsGo) {
    Untouchable untouchable;
    untouchable.add("txn-1", "unbind does not return", {kCard, kSound});
    untouchable.add("txn-2", "being undone", {kDrive});
    EXPECT_EQ(untouchable.devices(), (DeviceSet{kCard, kSound, kDrive}));
    EXPECT_EQ(untouchable.devices_of("txn-1"), (DeviceSet{kCard, kSound}));
    ASSERT_NE(untouchable.why(kSound), nullptr);
    EXPECT_EQ(*untouchable.why(kSound), "unbind does not return");
    untouchable.let_go("txn-1");
    EXPECT_FALSE(untouchable.has("txn-1"));
    EXPECT_EQ(untouchable.devices_of("txn-1"), DeviceSet{});
    EXPECT_EQ(untouchable.why(kSound), nullptr);
    EXPECT_EQ(untouchable.devices(), DeviceSet{kDrive});
}

TEST(Untouchable, StaysSoWhileAnotherHasIt) {
    Untouchable untouchable;
    untouchable.add("look-1", "reading it does not return", {kCard});
    untouchable.add("txn-1", "unbind does not return", {kCard});
    untouchable.let_go("look-1");
    ASSERT_NE(untouchable.why(kCard), nullptr);
    EXPECT_EQ(*untouchable.why(kCard), "unbind does not return");
}

TEST(Untouchable, IsListedByTransactionWithTheNewestReason) {
    Untouchable untouchable;
    untouchable.add("txn-2", "being undone", {kDrive});
    untouchable.add("txn-1", "being undone", {kCard});
    untouchable.add("txn-1", "still being undone", {kSound});
    untouchable.explain("txn-2", "held by qemu (4711)");
    untouchable.explain("txn-3", "nobody knows it");
    EXPECT_EQ(untouchable.list(), (std::vector<StuckDevice>{{kCard, "txn-1", "still being undone"},
                                                            {kSound, "txn-1", "still being undone"},
                                                            {kDrive, "txn-2", "held by qemu (4711)"}}));
}

TEST(Untouchable, IsTakenOutOfWhatIsToBeRead) {
    Untouchable untouchable;
    untouchable.add("txn-1", "unbind does not return", {kSound});
    std::vector<sysfs::DeviceId> devices{kDrive, kSound, kCard};
    untouchable.take_out_of(devices);
    EXPECT_EQ(devices, (std::vector<sysfs::DeviceId>{kDrive, kCard}));
}

}  // namespace
}  // namespace bindd
