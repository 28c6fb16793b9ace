// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/table.hpp"

#include <gtest/gtest.h>

#include <clocale>

namespace vfioctl {
namespace {

Row::Cell nic() {
    return {"Intel Corporation 82574L Gigabit Network Connection", TextStyle::kNone, 17};
}

Terminal terminal(std::size_t width, bool unicode) {
    Terminal out;
    out.out = Terminal::StreamKind::kTerminal;
    out.width = width;
    out.unicode = unicode;
    return out;
}

TEST(Table, CutsTheVendorFirst) {
    const Terminal wide = terminal(80, true);
    EXPECT_EQ(fit_cell(nic(), 51, wide), "Intel Corporation 82574L Gigabit Network Connection");
    EXPECT_EQ(fit_cell(nic(), 50, wide), "Intel Corporati… 82574L Gigabit Network Connection");
    EXPECT_EQ(fit_cell(nic(), 38, wide), "Int… 82574L Gigabit Network Connection");
    EXPECT_EQ(fit_cell(nic(), 37, wide), "82574L Gigabit Network Connection");
    EXPECT_EQ(fit_cell(nic(), 15, wide), "82574L Gigabit…");
    EXPECT_EQ(fit_cell(nic(), 16, terminal(80, false)), "82574L Gigabi...");
    EXPECT_EQ(fit_cell({"Überlänge"}, 6, wide), "Überl…");
    EXPECT_EQ(fit_cell({"nothing to cut"}, 14, wide), "nothing to cut");
}

TEST(Table, FitsEightyColumns) {
    const std::vector<Column> columns = {{"ADDRESS"},
                                         {"NAME", {}, Column::Fit::kCut},
                                         {"DRIVER"},
                                         {"REASON", {}, Column::Fit::kCut}};
    const std::string reason = "mounted: its file system is mounted (/dev/nvme0n1p2 on /)";
    const std::vector<Row> rows = {{{{"0000:03:00.0"}, nic(), {"e1000e"}, {reason}}, {}}};
    const std::string text = render_table(columns, rows, terminal(80, false));
    for (std::size_t from = 0; from < text.size(); from = text.find('\n', from) + 1)
        EXPECT_LE(text.find('\n', from) - from, 80U) << text;
    EXPECT_NE(text.find("82574L Gigabit Network Connection"), std::string::npos) << text;
    EXPECT_NE(text.find("..."), std::string::npos) << text;
    // A file has all of it.
    EXPECT_NE(render_table(columns, rows, {}).find(reason), std::string::npos);
}

}  // namespace
}  // namespace vfioctl
