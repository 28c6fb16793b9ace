// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/syntax.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include "policy/utf8.hpp"

/// A YAML parser complains in its grammar's terms ("end of map not found"), at the place where it
/// gave up. Here that becomes what a person did wrong, at the place where it was done.
namespace policy {
namespace {

struct Wording {
    std::string_view complaint;  ///< how yaml-cpp 0.7 and 0.8 begin theirs
    std::string_view text;
    std::string_view hint;
};

constexpr std::array kWordings = {
    Wording{"illegal map value", "':' followed by a value makes no sense here",
            "check the indentation; quote a text that contains ': '"},
    Wording{"illegal map key", "'?' makes no sense here", "quote a text that begins with '? '"},
    Wording{"illegal block entry", "a list item ('- ') cannot stand here",
            "put it on a line of its own; quote a text that begins with '-'"},
    Wording{"illegal flow end", "this bracket closes nothing", ""},
    Wording{"illegal EOF in scalar", "the file ends inside a quoted text",
            "a closing quote is missing"},
    Wording{"illegal document indicator in scalar", "a line '---' or '...' inside a quoted text",
            "a closing quote is missing before it"},
    Wording{"illegal tab", "a tab in the indentation", "indent with spaces"},
    Wording{"unexpected character in block scalar",
            "this is read as the start of a block of text ('>' or '|')",
            "quote a value that begins with '>' or '|', as in kernel: \">=6.8\""},
    Wording{"cannot set zero indentation for a block scalar",
            "a block of text cannot have indentation 0", ""},
    Wording{"alias not found after *",
            "'*' begins an alias, and aliases are not part of the policy language",
            "quote a glob that begins with '*'"},
    Wording{"the referenced anchor is not defined",
            "'*' begins an alias, and aliases are not part of the policy language",
            "quote a glob that begins with '*'"},
    Wording{"illegal character found while scanning alias",
            "'*' begins an alias, and aliases are not part of the policy language",
            "quote a glob that begins with '*'"},
    Wording{"anchor not found after &",
            "'&' begins an anchor, and anchors are not part of the policy language",
            "quote a text that begins with '&'"},
    Wording{"illegal character found while scanning anchor",
            "'&' begins an anchor, and anchors are not part of the policy language",
            "quote a text that begins with '&'"},
    Wording{"cannot assign multiple anchors", "anchors are not part of the policy language", ""},
    Wording{"cannot assign multiple tags", "tags are not part of the policy language", ""},
    Wording{"cannot assign multiple aliases", "aliases are not part of the policy language", ""},
    Wording{"end of verbatim tag not found", "tags ('!name') are not part of the policy language",
            "quote a text that begins with '!'"},
    Wording{"tag handle with no suffix", "tags ('!name') are not part of the policy language",
            "quote a text that begins with '!'"},
    Wording{"illegal character found while scanning tag handle",
            "tags ('!name') are not part of the policy language",
            "quote a text that begins with '!'"},
    Wording{"end of sequence not found", "this line is no item of the list above it",
            "items begin with '- ' in the same column; check the indentation"},
};

bool is_at_line_start(const Source& source, Place place) {
    const std::string_view line = source.line(place.line);
    const std::size_t first = line.find_first_not_of(" \t-");
    return first == std::string_view::npos || place.column <= first + 1;
}

void report_bracket(Report& report, Place place, Place bracket) {
    const Source& source = report.source();
    const char opening = source.at(bracket);
    const char closing = opening == '{' ? '}' : ']';
    if (place.line > source.line_count()) {
        report.error(bracket, fmt::format("this '{}' is never closed", opening));
        return;
    }
    report.error(place, fmt::format("expected ',' or '{}' here", closing),
                 fmt::format("the '{}' was opened at line {}, column {}", opening, bracket.line,
                             bracket.column));
}

void report_end_of_map(Report& report, Place place) {
    if (is_at_line_start(report.source(), place))
        report.error(place, "the indentation of this line fits none of the lines above it");
    else
        report.error(place, "unexpected text after a value",
                     "a value is quoted whole or not at all; '' inside '...' means one quote");
}

/// A tab where only spaces may indent leads yaml-cpp astray later; blame the tab.
std::optional<Place> indenting_tab(const Source& source, unsigned number) {
    const std::string_view line = source.line(number);
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos || line.find_first_not_of(" \t") < tab)
        return std::nullopt;
    return Place{number, static_cast<unsigned>(tab) + 1};
}

/// "key:value" is one word to YAML, and the complaint comes with the next key. Looks for one on the
/// line of the complaint and on the one before.
std::optional<Place> tight_colon(const Source& source, Place place) {
    for (unsigned number = place.line > 1 ? place.line - 1 : 1; number <= place.line; ++number) {
        const std::string_view line = source.line(number);
        const std::size_t first = line.find_first_not_of(" -");
        const std::size_t end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", first);
        if (first != end && end != std::string_view::npos && end + 1 < line.size() &&
            line[end] == ':' && line[end + 1] != ' ' && line[end + 1] != '\t')
            return Place{number, static_cast<unsigned>(end) + 1};
    }
    return std::nullopt;
}

}  // namespace

bool has_closing_quote(const Source& source, Place place) {
    const std::string_view text = source.text().substr(source.offset(place));
    if (text.empty())
        return false;
    const char quote = text[0];
    for (std::size_t i = 1; i < text.size(); ++i) {
        const bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
        const bool escapes = quote == '"' ? text[i] == '\\' : text[i] == quote && doubled;
        if (escapes)
            ++i;
        else if (text[i] == quote)
            return true;
    }
    return false;
}

void report_syntax_error(Report& report, Place place, std::string_view complaint,
                         std::optional<Place> bracket) {
    if (const auto tab = indenting_tab(report.source(), place.line)) {
        report.error(*tab, "a tab in the indentation", "indent with spaces");
        return;
    }
    if (bracket &&
        (complaint.ends_with("flow not found") || complaint.starts_with("illegal flow end"))) {
        report_bracket(report, place, *bracket);
        return;
    }
    if (const auto colon = tight_colon(report.source(), place);
        colon && complaint.starts_with("illegal map value")) {
        report.error(*colon, "a blank is missing after this ':'");
        return;
    }
    if (place.line > report.source().line_count() || report.source().at(place) == '\0') {
        report.error(place, "the file ends in the middle of a value");
        return;
    }
    if (complaint.starts_with("end of map not found")) {
        report_end_of_map(report, place);
        return;
    }
    if (complaint.starts_with("unknown token")) {
        report.error(place,
                     fmt::format("a text cannot begin with '{}'",
                                 printable(std::string(1, report.source().at(place)))),
                     "quote it");
        return;
    }
    for (const Wording& wording : kWordings) {
        if (complaint.starts_with(wording.complaint)) {
            report.error(place, std::string(wording.text), std::string(wording.hint));
            return;
        }
    }
    report.error(
        place, fmt::format("not valid YAML: {}", complaint),
        complaint.starts_with("unknown escape") ? "in \"...\" write \\\\ for a backslash" : "");
}

}  // namespace policy
