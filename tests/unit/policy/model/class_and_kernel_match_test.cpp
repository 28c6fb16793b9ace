// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/class_and_kernel_match.hpp"

#include <gtest/gtest.h>

namespace policy {
namespace {

TEST(ClassNames, GoBothWays) {
    for (const std::string_view name : class_names()) {
        ASSERT_TRUE(base_class(name)) << name;
        EXPECT_EQ(class_name(std::uint32_t{*base_class(name)} << 16 | 0x1234), name);
    }
    EXPECT_EQ(class_name(0xff0000), "");
    EXPECT_EQ(base_class("disk"), std::nullopt);
}

TEST(MatchClass, TakesNamesAndHexWithWildcards) {
    EXPECT_TRUE(class_matches("storage", 0x010802));
    EXPECT_TRUE(class_matches("accelerator", 0x120000));
    EXPECT_TRUE(class_matches("01xx02", 0x010802));
    EXPECT_TRUE(class_matches("0108", 0x010802));
    EXPECT_TRUE(class_matches("0C03XX", 0x0c0330));
    EXPECT_FALSE(class_matches("010803", 0x010802));
    EXPECT_FALSE(class_matches("disk", 0x010802));
    EXPECT_FALSE(class_matches("", 0x010802));
}

TEST(MatchKernel, ComparesAsManyNumbersAsAreGiven) {
    const auto on = [](const char* wanted) { return kernel_matches(wanted, "6.12.107-amd64"); };
    EXPECT_EQ(on(">=6.8"), true);
    EXPECT_EQ(on(">=6.12"), true);
    EXPECT_EQ(on(">6.12"), false);
    EXPECT_EQ(on(">6.12.9"), true);
    EXPECT_EQ(on("<6.12"), false);
    EXPECT_EQ(on("<=6.12"), true);
    EXPECT_EQ(on("<7"), true);
    EXPECT_EQ(on("6.12"), true);
    EXPECT_EQ(on("==6.12.107"), true);
    EXPECT_EQ(on("6.1"), false);
    EXPECT_EQ(on("!=5"), true);
    EXPECT_EQ(kernel_matches(">=7.2", "7.2-rc1"), true);
    EXPECT_EQ(kernel_matches(">=7.2.0", "7.2"), true);
}

TEST(MatchKernel, RefusesWhatIsNoComparison) {
    for (const char* text : {"", ">=", "six", ">=6.", "6.8-rc1", "~6.8", "6..8"})
        EXPECT_EQ(kernel_matches(text, "6.12.1"), std::nullopt) << text;
}

}  // namespace
}  // namespace policy
