// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/look_order.hpp"

#include <gtest/gtest.h>

namespace bindd {
namespace {

const sysfs::DeviceId kNic{"pci", "0000:01:00.0"};
const sysfs::DeviceId kDisk{"pci", "0000:02:00.0"};

TEST(LookOrder, IsOvertakenByALaterLookAtTheSameDevice) {
    LookOrder order;
    const unsigned first = order.begin();
    const unsigned second = order.begin();
    EXPECT_FALSE(order.is_overtaken(first, kNic));
    order.end(second, {kNic});
    EXPECT_TRUE(order.is_overtaken(first, kNic));
    EXPECT_FALSE(order.is_overtaken(first, kDisk));
    EXPECT_FALSE(order.is_overtaken(order.begin(), kNic));
}

TEST(LookOrder, IsOvertakenInAllByALaterWholeLook) {
    LookOrder order;
    const unsigned first = order.begin();
    const unsigned whole = order.begin();
    order.end_whole(whole);
    EXPECT_TRUE(order.is_overtaken(first, kNic));
    EXPECT_FALSE(order.is_overtaken(order.begin(), kDisk));
}

TEST(LookOrder, IsNotOvertakenByAFailureOrAnEarlierOne) {
    LookOrder order;
    const unsigned first = order.begin();
    const unsigned second = order.begin();
    const unsigned third = order.begin();
    order.end(first, {kNic});
    order.end(third, {});
    EXPECT_FALSE(order.is_overtaken(second, kNic));
}

}  // namespace
}  // namespace bindd
