// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/scan_schedule.hpp"

#include <gtest/gtest.h>

namespace bindd {
namespace {

const sysfs::DeviceId kNic{"pci", "0000:01:00.0"};
const sysfs::DeviceId kDisk{"pci", "0000:02:00.0"};

TEST(ScanSequence, IsStaleAfterALaterScanOfTheSameDevice) {
    ScanSequence order;
    const unsigned first = order.begin();
    const unsigned second = order.begin();
    EXPECT_FALSE(order.is_stale(first, kNic));
    order.end(second, {kNic});
    EXPECT_TRUE(order.is_stale(first, kNic));
    EXPECT_FALSE(order.is_stale(first, kDisk));
    EXPECT_FALSE(order.is_stale(order.begin(), kNic));
}

TEST(ScanSequence, IsStaleAsAWholeAfterALaterFullScan) {
    ScanSequence order;
    const unsigned first = order.begin();
    const unsigned whole = order.begin();
    order.end_all(whole);
    EXPECT_TRUE(order.is_stale(first, kNic));
    EXPECT_FALSE(order.is_stale(order.begin(), kDisk));
}

TEST(ScanSequence, IsNotStaleAfterAFailureOrAnEarlierScan) {
    ScanSequence order;
    const unsigned first = order.begin();
    const unsigned second = order.begin();
    const unsigned third = order.begin();
    order.end(first, {kNic});
    order.end(third, {});
    EXPECT_FALSE(order.is_stale(second, kNic));
}

}  // namespace
}  // namespace bindd
