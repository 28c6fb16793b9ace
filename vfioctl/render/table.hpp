// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "vfioctl/context/cli_context.hpp"

namespace vfioctl {

enum class TextStyle { kNone, kGood, kChange, kBad, kFaint };

/// One column: its heading, and what happens to it when a terminal is too narrow.
struct Column {
    enum class Align { kLeft, kRight };
    enum class Fit { kWhole, kCut };
    std::string name;
    Align align = Align::kLeft;
    Fit fit = Fit::kWhole;
};

/// One row, a cell per column; `parent` is an earlier row's index, in a tree.
struct Row {
    struct Cell {
        std::string text;
        TextStyle style = TextStyle::kNone;
        std::size_t vendor = 0;  ///< bytes at the front that are cut first, with a blank after them
    };
    std::vector<Cell> cells;
    std::optional<std::size_t> parent;
};

enum class Headings { kShown, kHidden };
enum class Shape { kList, kTree };

/// The rows as aligned text, through libsmartcols: cut to the terminal's width on a terminal, never
/// in a file; what is cut ends in an ellipsis. An empty cell is shown as "-", so that columns can
/// be counted. In a tree the first column carries the branches.
[[nodiscard]] std::string render_table(const std::vector<Column>& columns,
                                       const std::vector<Row>& rows, const Terminal& terminal,
                                       Shape shape = Shape::kList,
                                       Headings headings = Headings::kShown);

/// The cell's text in at most `width` columns: first its vendor is cut, then the rest.
[[nodiscard]] std::string fit_cell(const Row::Cell& cell, std::size_t width,
                                   const Terminal& terminal);

/// `text` in this style's color, when the terminal shows colors.
[[nodiscard]] std::string styled(const std::string& text, TextStyle style,
                                 const Terminal& terminal);
/// The color of a state, a verdict or a result.
[[nodiscard]] TextStyle state_style(const std::string& state);

}  // namespace vfioctl
