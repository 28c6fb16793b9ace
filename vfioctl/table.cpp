// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/table.hpp"

#include <libsmartcols.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <string_view>

#include "vfioctl/failure.hpp"

namespace vfioctl {
namespace {

struct UnrefTable {
    void operator()(libscols_table* table) const { scols_unref_table(table); }
};
struct Free {
    void operator()(char* text) const { std::free(text); }
};
using TablePtr = std::unique_ptr<libscols_table, UnrefTable>;

const char* colour_name(Tint tint) {
    switch (tint) {
        case Tint::kNone:
            return nullptr;
        case Tint::kGood:
            return "green";
        case Tint::kChange:
            return "yellow";
        case Tint::kBad:
            return "red";
        case Tint::kFaint:
            return "darkgray";
    }
    return nullptr;
}

const char* escape(Tint tint) {
    switch (tint) {
        case Tint::kNone:
            return "";
        case Tint::kGood:
            return "\033[32m";
        case Tint::kChange:
            return "\033[33m";
        case Tint::kBad:
            return "\033[31m";
        case Tint::kFaint:
            return "\033[1;30m";
    }
    return "";
}

// The library's calls fail for want of memory only, as everything else here does.
void must(int status) {
    if (status != 0)
        throw std::bad_alloc();
}

void add_column(libscols_table* table, const Column& column, bool tree) {
    int flags = 0;
    if (tree)
        flags |= SCOLS_FL_TREE;
    if (column.align == Column::Align::kRight)
        flags |= SCOLS_FL_RIGHT;
    if (column.fit == Column::Fit::kCut)
        flags |= SCOLS_FL_TRUNC;
    if (scols_table_new_column(table, column.name.c_str(), 0, flags) == nullptr)
        throw std::bad_alloc();
}

libscols_line* add_row(libscols_table* table, const Row& row, libscols_line* parent) {
    libscols_line* line = scols_table_new_line(table, parent);
    if (line == nullptr)
        throw std::bad_alloc();
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
        const Row::Cell& cell = row.cells[i];
        const std::string text = cell.text.empty() ? "-" : printable(cell.text);
        must(scols_line_set_data(line, i, text.c_str()));
        if (const char* colour = colour_name(cell.tint))
            must(scols_cell_set_color(scols_line_get_cell(line, i), colour));
    }
    return line;
}

/// The last column is padded when a line below it is longer; who compares files sees that.
std::string without_trailing_blanks(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line = line.substr(0, line.find_last_not_of(' ') + 1);
        out.append(line).append("\n");
    }
    return out;
}

void set_screen(libscols_table* table, const Screen& screen, Headings headings) {
    const bool terminal = screen.out == Screen::Kind::kTerminal;
    must(scols_table_set_termforce(table, terminal ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER));
    if (terminal)
        must(scols_table_set_termwidth(table, screen.width));
    must(scols_table_enable_colors(table, screen.colours ? 1 : 0));
    must(scols_table_enable_ascii(table, screen.unicode ? 0 : 1));
    must(scols_table_enable_noheadings(table, headings == Headings::kHidden ? 1 : 0));
}

}  // namespace

std::string render_table(const std::vector<Column>& columns, const std::vector<Row>& rows,
                         const Screen& screen, Shape shape, Headings headings) {
    if (rows.empty())
        return {};
    const TablePtr table(scols_new_table());
    if (!table)
        throw std::bad_alloc();
    set_screen(table.get(), screen, headings);
    for (std::size_t i = 0; i < columns.size(); ++i)
        add_column(table.get(), columns[i], shape == Shape::kTree && i == 0);
    std::vector<libscols_line*> lines;
    for (const Row& row : rows)
        lines.push_back(add_row(table.get(), row, row.parent ? lines.at(*row.parent) : nullptr));
    char* text = nullptr;
    must(scols_print_table_to_string(table.get(), &text));
    const std::unique_ptr<char, Free> owned(text);
    return without_trailing_blanks(owned.get());
}

std::string tinted(const std::string& text, Tint tint, const Screen& screen) {
    if (!screen.colours || tint == Tint::kNone)
        return text;
    return escape(tint) + text + "\033[0m";
}

Tint tint_of(const std::string& state) {
    if (state == "bound" || state == "ok" || state == "done")
        return Tint::kGood;
    if (state == "pending" || state == "change")
        return Tint::kChange;
    if (state == "unmanaged" || state == "skipped")
        return Tint::kFaint;
    return Tint::kBad;
}

}  // namespace vfioctl
