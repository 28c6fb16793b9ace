// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/scan_schedule.hpp"

#include <gtest/gtest.h>

namespace bindd {
namespace {

using std::chrono::milliseconds;
using Groups = std::vector<std::string>;

class CoalescerTest : public testing::Test {
  protected:
    static Coalescer::TimePoint at(int ms) { return Coalescer::TimePoint(milliseconds(ms)); }
    Coalescer coalescer_{milliseconds(5), milliseconds(20)};
};

TEST_F(CoalescerTest, WaitsForAMomentOfQuiet) {
    coalescer_.mark_dirty("group 1", at(100));
    EXPECT_EQ(coalescer_.take_due(at(104)), Groups{});
    EXPECT_EQ(coalescer_.next(), at(105));
    EXPECT_EQ(coalescer_.take_due(at(105)), Groups{"group 1"});
    EXPECT_EQ(coalescer_.next(), std::nullopt);
}

TEST_F(CoalescerTest, MakesOneOfABurst) {
    for (int ms = 0; ms < 12; ms += 3) {
        coalescer_.mark_dirty("group 1", at(ms));
        EXPECT_EQ(coalescer_.take_due(at(ms)), Groups{});
    }
    EXPECT_EQ(coalescer_.take_due(at(14)), Groups{"group 1"});
    EXPECT_EQ(coalescer_.take_due(at(50)), Groups{});
}

TEST_F(CoalescerTest, WaitsNoLongerThanTheLongest) {
    for (int ms = 0; ms < 20; ms += 3)
        coalescer_.mark_dirty("group 1", at(ms));
    EXPECT_EQ(coalescer_.next(), at(20));
    EXPECT_EQ(coalescer_.take_due(at(20)), Groups{"group 1"});
}

TEST_F(CoalescerTest, DoesNotHoldOneGroupBackForAnother) {
    coalescer_.mark_dirty("group 1", at(0));
    coalescer_.mark_dirty("group 2", at(4));
    EXPECT_EQ(coalescer_.take_due(at(5)), Groups{"group 1"});
    EXPECT_EQ(coalescer_.take_due(at(9)), Groups{"group 2"});
}

TEST_F(CoalescerTest, ExpeditesAndForgets) {
    coalescer_.mark_dirty("group 1", at(0));
    coalescer_.expedite("group 1", at(1));
    EXPECT_EQ(coalescer_.take_due(at(1)), Groups{"group 1"});
    coalescer_.mark_dirty("group 2", at(2));
    coalescer_.forget("group 2");
    EXPECT_EQ(coalescer_.next(), std::nullopt);
}

}  // namespace
}  // namespace bindd
