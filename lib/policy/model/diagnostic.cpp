// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/utf8.hpp"

namespace policy {
namespace {

/// A source line wider than this is shown as a window around the caret.
constexpr std::size_t kShownColumns = 120;
constexpr std::string_view kEllipsis = "...";

/// Byte offsets of the characters of a line; one that is not UTF-8 counts as one character a byte.
/// Each has one column of the terminal (a tab is shown as a blank), so that the caret is in place.
std::size_t next_character(std::string_view line, std::size_t offset) {
    return offset + std::max<std::size_t>(base::next_code_point(line.substr(offset)).bytes, 1);
}

/// How many characters end at or before `offset`.
std::size_t characters_before(std::string_view line, std::size_t offset) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < line.size();) {
        at = next_character(line, at);
        if (at > offset)
            break;
        ++count;
    }
    return count;
}

/// The characters [first, last) of a line, fit for a terminal.
std::string characters(std::string_view line, std::size_t first, std::size_t last) {
    std::string out;
    std::size_t number = 0;
    for (std::size_t at = 0; at < line.size() && number < last; ++number) {
        const std::size_t next = next_character(line, at);
        const std::string_view character = line.substr(at, next - at);
        if (number >= first)
            out += character == "\t" ? " " : base::printable(character);
        at = next;
    }
    return out;
}

/// The line with the caret below; a long one as a window around the caret.
std::string excerpt(std::string_view line, unsigned column) {
    const std::size_t length = characters_before(line, line.size());
    const std::size_t caret = characters_before(line, column == 0 ? 0 : column - 1);
    std::size_t first = 0;
    std::size_t last = length;
    if (length > kShownColumns) {
        const std::size_t half = kShownColumns / 2;
        last = std::min(std::max(caret, half) + half, length);
        first = last - kShownColumns;
    }
    std::string text(first > 0 ? kEllipsis : "");
    const std::size_t indent = text.size() + (caret - first);
    text += characters(line, first, last);
    if (last < length)
        text += kEllipsis;
    return text + "\n" + std::string(indent, ' ') + "^\n";
}

}  // namespace

std::string SourceLocation::text() const {
    return line == 0 ? file : fmt::format("{}:{}", file, line);
}

std::string render(const Diagnostic& diagnostic) {
    const SourceLocation& where = diagnostic.where;
    std::string out = base::printable(where.file);
    if (where.line != 0)
        out += fmt::format(":{}:{}", where.line, where.column);
    out += diagnostic.severity == DiagnosticSeverity::kError ? ": error: " : ": warning: ";
    out += base::printable(diagnostic.text) + "\n";
    if (!diagnostic.line.empty())
        out += excerpt(diagnostic.line, diagnostic.where.column);
    if (!diagnostic.hint.empty())
        out += "hint: " + base::printable(diagnostic.hint) + "\n";
    return out;
}

std::string render(const std::vector<Diagnostic>& diagnostics) {
    std::string out;
    for (const Diagnostic& diagnostic : diagnostics)
        out += render(diagnostic);
    return out;
}

}  // namespace policy
