// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/table.hpp"

#include <libsmartcols.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <string_view>

#include "base/name_table.hpp"
#include "base/utf8.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {
namespace {

struct UnrefTable {
    void operator()(libscols_table* table) const { scols_unref_table(table); }
};
struct FreeCString {
    void operator()(char* text) const { std::free(text); }
};
using TablePtr = std::unique_ptr<libscols_table, UnrefTable>;

constexpr base::NameTable<TextStyle::kFaint> kColorNames{nullptr, "green", "yellow", "red",
                                                         "darkgray"};
constexpr base::NameTable<TextStyle::kFaint> kEscapes{"", "\033[32m", "\033[33m", "\033[31m",
                                                      "\033[1;30m"};

// The library's calls fail for want of memory only, as everything else here does.
void check_allocation(int status) {
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

/// Columns of a terminal; wide characters, which no database of hardware has, count as one.
std::size_t text_width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

std::string cut(std::string_view text, std::size_t width, const Terminal& terminal) {
    if (text_width(text) <= width)
        return std::string(text);
    const std::string_view ellipsis = terminal.unicode ? "…" : "...";
    const std::size_t marked = text_width(ellipsis);
    std::size_t bytes = 0;
    for (std::size_t used = 0; used + marked < width; ++used)
        bytes += base::next_code_point(text.substr(bytes)).bytes;
    while (bytes > 0 && text[bytes - 1] == ' ')
        --bytes;
    return std::string(text.substr(0, bytes)) + std::string(width < marked ? "" : ellipsis);
}

/// The widths of a list's columns for a terminal: those that may be cut share what others leave.
std::vector<std::size_t> fitted_widths(const std::vector<Column>& columns,
                                       const std::vector<Row>& rows, std::size_t width) {
    constexpr std::size_t kLeast = 8;
    std::vector<std::size_t> widths;
    std::size_t used = 0;
    std::size_t cuttable = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        std::size_t widest = text_width(columns[i].name);
        for (const Row& row : rows)
            widest = std::max(widest, text_width(row.cells[i].text));
        widths.push_back(widest);
        used += (columns[i].fit == Column::Fit::kCut ? 0 : widest) + (i == 0 ? 0 : 1);
        cuttable += columns[i].fit == Column::Fit::kCut ? 1 : 0;
    }
    std::size_t left = width > used ? width - used : 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].fit != Column::Fit::kCut)
            continue;
        const std::size_t others = --cuttable * kLeast;
        widths[i] = std::min(widths[i], std::max(kLeast, left > others ? left - others : 0));
        left -= std::min(left, widths[i]);
    }
    return widths;
}

std::vector<Row> fit_rows(const std::vector<Column>& columns, std::vector<Row> rows,
                          const Terminal& terminal) {
    const auto widths = fitted_widths(columns, rows, terminal.width);
    for (Row& row : rows)
        for (std::size_t i = 0; i < columns.size(); ++i)
            if (columns[i].fit == Column::Fit::kCut)
                row.cells[i].text = fit_cell(row.cells[i], widths[i], terminal);
    return rows;
}

libscols_line* add_row(libscols_table* table, const Row& row, libscols_line* parent) {
    libscols_line* line = scols_table_new_line(table, parent);
    if (line == nullptr)
        throw std::bad_alloc();
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
        const Row::Cell& cell = row.cells[i];
        const std::string text = cell.text.empty() ? "-" : printable(cell.text);
        check_allocation(scols_line_set_data(line, i, text.c_str()));
        if (const char* color = kColorNames[cell.style])
            check_allocation(scols_cell_set_color(scols_line_get_cell(line, i), color));
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

void set_terminal(libscols_table* table, const Terminal& terminal, Headings headings) {
    const bool is_terminal = terminal.out == Terminal::StreamKind::kTerminal;
    check_allocation(scols_table_set_termforce(
        table, is_terminal ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER));
    if (is_terminal)
        check_allocation(scols_table_set_termwidth(table, terminal.width));
    check_allocation(scols_table_enable_colors(table, terminal.colors ? 1 : 0));
    check_allocation(scols_table_enable_ascii(table, terminal.unicode ? 0 : 1));
    check_allocation(scols_table_enable_noheadings(table, headings == Headings::kHidden ? 1 : 0));
}

}  // namespace

std::string render_table(const std::vector<Column>& columns, const std::vector<Row>& rows,
                         const Terminal& terminal, Shape shape, Headings headings) {
    if (rows.empty())
        return {};
    const TablePtr table(scols_new_table());
    if (!table)
        throw std::bad_alloc();
    set_terminal(table.get(), terminal, headings);
    for (std::size_t i = 0; i < columns.size(); ++i)
        add_column(table.get(), columns[i], shape == Shape::kTree && i == 0);
    std::vector<libscols_line*> lines;
    const bool is_cut = shape == Shape::kList && terminal.out == Terminal::StreamKind::kTerminal;
    for (const Row& row : is_cut ? fit_rows(columns, rows, terminal) : rows)
        lines.push_back(add_row(table.get(), row, row.parent ? lines.at(*row.parent) : nullptr));
    char* text = nullptr;
    check_allocation(scols_print_table_to_string(table.get(), &text));
    const std::unique_ptr<char, FreeCString> owned(text);
    return without_trailing_blanks(owned.get());
}

std::string fit_cell(const Row::Cell& cell, std::size_t width, const Terminal& terminal) {
    constexpr std::size_t kLeastVendor = 4;
    if (cell.vendor == 0 || text_width(cell.text) <= width)
        return cut(cell.text, width, terminal);
    const std::string_view vendor = std::string_view(cell.text).substr(0, cell.vendor);
    const std::string_view rest = std::string_view(cell.text).substr(cell.vendor + 1);
    const std::size_t needed = text_width(rest) + 1;
    if (width < needed + kLeastVendor)
        return cut(rest, width, terminal);
    return cut(vendor, width - needed, terminal) + " " + std::string(rest);
}

std::string styled(const std::string& text, TextStyle style, const Terminal& terminal) {
    if (!terminal.colors || style == TextStyle::kNone)
        return text;
    return kEscapes[style] + text + "\033[0m";
}

TextStyle state_style(const std::string& state) {
    if (state == "bound" || state == "ok" || state == "done")
        return TextStyle::kGood;
    if (state == "pending" || state == "change")
        return TextStyle::kChange;
    if (state == "unmanaged" || state == "skipped")
        return TextStyle::kFaint;
    return TextStyle::kBad;
}

}  // namespace vfioctl
