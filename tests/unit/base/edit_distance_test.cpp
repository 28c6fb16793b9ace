// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/edit_distance.hpp"

#include <gtest/gtest.h>

#include <array>

namespace base {
namespace {

using Names = std::vector<std::string>;

TEST(EditDistance, CountsASwapAsOneEdit) {
    EXPECT_EQ(edit_distance("", ""), 0U);
    EXPECT_EQ(edit_distance("abc", ""), 3U);
    EXPECT_EQ(edit_distance("eht0", "eth0"), 1U);
    EXPECT_EQ(edit_distance("ETH0", "eth0"), 0U);
    EXPECT_EQ(edit_distance("vfio-pci", "vfio_pc"), 2U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(SimilarNames, AreFewAndBestFirst) {
    EXPECT_EQ(similar_names("vendro", {"device", "vendor", "vendors", "vendo", "vends", "vendor"}),
              (Names{"vendor", "vendo", "vendors"}));
    EXPECT_EQ(similar_names("", {"a", "abc"}), Names{"a"});
    EXPECT_EQ(did_you_mean({}), "");
    EXPECT_EQ(did_you_mean({"a", "b", "c"}), "did you mean a, b or c?");
}

TEST(Nearest, FindsMisspeltWordsOnly) {
    constexpr std::array<std::string_view, 5> kWords = {"vendor", "device", "class", "in_use",
                                                        "vf"};
    EXPECT_EQ(nearest("vender", kWords), "vendor");
    EXPECT_EQ(nearest("evndor", kWords), "vendor");
    EXPECT_EQ(nearest("Vendor", kWords), "vendor");
    EXPECT_EQ(nearest("in-use", kWords), "in_use");
    EXPECT_EQ(nearest("clas", kWords), "class");
    EXPECT_EQ(nearest("vg", kWords), "vf");
    EXPECT_EQ(nearest("xy", kWords), std::nullopt);
    EXPECT_EQ(nearest("frobnicate", kWords), std::nullopt);
    EXPECT_EQ(nearest("", kWords), std::nullopt);
    EXPECT_EQ(nearest(std::string(5000, 'v'), kWords), std::nullopt);
    EXPECT_EQ(did_you_mean("vender", kWords), "did you mean 'vendor'?");
    EXPECT_EQ(did_you_mean("frobnicate", kWords), "");
}

}  // namespace
}  // namespace base
