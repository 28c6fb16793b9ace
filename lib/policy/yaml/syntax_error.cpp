// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/syntax_error.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include "base/utf8.hpp"

/// A YAML parser reports an error in terms of its grammar ("end of map not found"), where it
/// stopped. This file translates it into the mistake of the author, at its position.
namespace policy {
namespace {

struct SyntaxMessage {
    std::string_view parser_message;  ///< how yaml-cpp 0.7 and 0.8 begin theirs
    std::string_view text;
    std::string_view hint;
};

constexpr std::array kSyntaxMessages = {
    SyntaxMessage{"illegal map value", "':' followed by a value makes no sense here",
                  "check the indentation; quote a text that contains ': '"},
    SyntaxMessage{"illegal map key", "'?' makes no sense here",
                  "quote a text that begins with '? '"},
    SyntaxMessage{"illegal block entry", "a list item ('- ') cannot stand here",
                  "put it on a line of its own; quote a text that begins with '-'"},
    SyntaxMessage{"illegal flow end", "this bracket closes nothing", ""},
    SyntaxMessage{"illegal EOF in scalar", "the file ends inside a quoted text",
                  "a closing quote is missing"},
    SyntaxMessage{"illegal document indicator in scalar",
                  "a line '---' or '...' inside a quoted text",
                  "a closing quote is missing before it"},
    SyntaxMessage{"illegal tab", "a tab in the indentation", "indent with spaces"},
    SyntaxMessage{"unexpected character in block scalar",
                  "this is read as the start of a block of text ('>' or '|')",
                  "quote a value that begins with '>' or '|', as in kernel: \">=6.8\""},
    SyntaxMessage{"cannot set zero indentation for a block scalar",
                  "a block of text cannot have indentation 0", ""},
    SyntaxMessage{"alias not found after *",
                  "'*' begins an alias, and aliases are not part of the policy language",
                  "quote a glob that begins with '*'"},
    SyntaxMessage{"the referenced anchor is not defined",
                  "'*' begins an alias, and aliases are not part of the policy language",
                  "quote a glob that begins with '*'"},
    SyntaxMessage{"illegal character found while scanning alias",
                  "'*' begins an alias, and aliases are not part of the policy language",
                  "quote a glob that begins with '*'"},
    SyntaxMessage{"anchor not found after &",
                  "'&' begins an anchor, and anchors are not part of the policy language",
                  "quote a text that begins with '&'"},
    SyntaxMessage{"illegal character found while scanning anchor",
                  "'&' begins an anchor, and anchors are not part of the policy language",
                  "quote a text that begins with '&'"},
    SyntaxMessage{"cannot assign multiple anchors", "anchors are not part of the policy language",
                  ""},
    SyntaxMessage{"cannot assign multiple tags", "tags are not part of the policy language", ""},
    SyntaxMessage{"cannot assign multiple aliases", "aliases are not part of the policy language",
                  ""},
    SyntaxMessage{"end of verbatim tag not found",
                  "tags ('!name') are not part of the policy language",
                  "quote a text that begins with '!'"},
    SyntaxMessage{"tag handle with no suffix", "tags ('!name') are not part of the policy language",
                  "quote a text that begins with '!'"},
    SyntaxMessage{"illegal character found while scanning tag handle",
                  "tags ('!name') are not part of the policy language",
                  "quote a text that begins with '!'"},
    SyntaxMessage{"end of sequence not found", "this line is no item of the list above it",
                  "items begin with '- ' in the same column; check the indentation"},
};

bool is_at_line_start(const SourceBuffer& source, SourcePosition position) {
    const std::string_view line = source.line(position.line);
    const std::size_t first = line.find_first_not_of(" \t-");
    return first == std::string_view::npos || position.column <= first + 1;
}

void report_bracket(DiagnosticCollector& report, SourcePosition position, SourcePosition bracket) {
    const SourceBuffer& source = report.source();
    const char opening = source.at(bracket);
    const char closing = opening == '{' ? '}' : ']';
    if (position.line > source.line_count()) {
        report.error(bracket, fmt::format("this '{}' is never closed", opening));
        return;
    }
    report.error(position, fmt::format("expected ',' or '{}' here", closing),
                 fmt::format("the '{}' was opened at line {}, column {}", opening, bracket.line,
                             bracket.column));
}

void report_end_of_map(DiagnosticCollector& report, SourcePosition position) {
    if (is_at_line_start(report.source(), position))
        report.error(position, "the indentation of this line fits none of the lines above it");
    else
        report.error(position, "unexpected text after a value",
                     "a value is quoted whole or not at all; '' inside '...' means one quote");
}

/// yaml-cpp reports a tab in the indentation at a later position; this finds the tab.
std::optional<SourcePosition> indenting_tab(const SourceBuffer& source, unsigned number) {
    const std::string_view line = source.line(number);
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos || line.find_first_not_of(" \t") < tab)
        return std::nullopt;
    return SourcePosition{number, static_cast<unsigned>(tab) + 1};
}

/// "key:value" is a single scalar in YAML, and the parser reports it at the next key. Searches the
/// line of the report and the line before.
std::optional<SourcePosition> colon_without_space(const SourceBuffer& source,
                                                  SourcePosition position) {
    for (unsigned number = position.line > 1 ? position.line - 1 : 1; number <= position.line;
         ++number) {
        const std::string_view line = source.line(number);
        const std::size_t first = line.find_first_not_of(" -");
        const std::size_t end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", first);
        if (first != end && end != std::string_view::npos && end + 1 < line.size() &&
            line[end] == ':' && line[end + 1] != ' ' && line[end + 1] != '\t')
            return SourcePosition{number, static_cast<unsigned>(end) + 1};
    }
    return std::nullopt;
}

}  // namespace

bool has_closing_quote(const SourceBuffer& source, SourcePosition position) {
    const std::string_view text = source.text().substr(source.offset(position));
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

void report_syntax_error(DiagnosticCollector& report, SourcePosition position,
                         std::string_view parser_message, std::optional<SourcePosition> bracket) {
    if (const auto tab = indenting_tab(report.source(), position.line)) {
        report.error(*tab, "a tab in the indentation", "indent with spaces");
        return;
    }
    if (bracket && (parser_message.ends_with("flow not found") ||
                    parser_message.starts_with("illegal flow end"))) {
        report_bracket(report, position, *bracket);
        return;
    }
    if (const auto colon = colon_without_space(report.source(), position);
        colon && parser_message.starts_with("illegal map value")) {
        report.error(*colon, "a blank is missing after this ':'");
        return;
    }
    if (position.line > report.source().line_count() || report.source().at(position) == '\0') {
        report.error(position, "the file ends in the middle of a value");
        return;
    }
    if (parser_message.starts_with("end of map not found")) {
        report_end_of_map(report, position);
        return;
    }
    if (parser_message.starts_with("unknown token")) {
        report.error(position,
                     fmt::format("a text cannot begin with '{}'",
                                 base::printable(std::string(1, report.source().at(position)))),
                     "quote it");
        return;
    }
    for (const SyntaxMessage& known : kSyntaxMessages) {
        if (parser_message.starts_with(known.parser_message)) {
            report.error(position, std::string(known.text), std::string(known.hint));
            return;
        }
    }
    report.error(position, fmt::format("not valid YAML: {}", parser_message),
                 parser_message.starts_with("unknown escape")
                     ? "in \"...\" write \\\\ for a backslash"
                     : "");
}

}  // namespace policy
