// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/list_columns.hpp"

#include <gtest/gtest.h>

namespace vfioctl {
namespace {

std::string chosen(const std::vector<std::string>& names) {
    const auto columns = select_columns(names);
    if (!columns)
        return columns.error().why + ": " + columns.error().what;
    std::string out;
    for (const ListColumn* column : *columns)
        out += (out.empty() ? "" : " ") + std::string(column->name);
    return out;
}

TEST(Columns, AreTheUsualOnesUnlessChosen) {
    EXPECT_EQ(chosen({}), "ADDRESS CLASS NAME DRIVER GROUP WANTED STATE");
    EXPECT_EQ(chosen({"state", "Address"}), "STATE ADDRESS");
    EXPECT_EQ(chosen({"+numa", "+DRIVER"}), "ADDRESS CLASS NAME DRIVER GROUP WANTED STATE NUMA");
    EXPECT_EQ(chosen({"STATE", "STATE"}), "STATE");
}

TEST(Columns, AnUnknownOneIsNamed) {
    EXPECT_EQ(chosen({"ADDRESS", "NOPE"}), "unknown column: -o 'NOPE'");
    EXPECT_EQ(chosen({""}), "unknown column: -o ''");
    EXPECT_EQ(
        select_columns({"DRIVR"}).error().hint.find("did you mean 'DRIVER'? columns: ADDRESS"), 0U);
}

}  // namespace
}  // namespace vfioctl
