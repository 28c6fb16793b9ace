// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/yaml_precheck.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.hpp"

/// yaml-cpp guesses UTF-16 and UTF-32, accepts invalid UTF-8 and truncated files, and its versions
/// differ on a bare CR. These checks keep such files from it and report the exact byte.
namespace policy {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool looks_like_utf16(std::string_view text) {
    return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") ||
           (text.size() >= 2 && (text[0] == '\0') != (text[1] == '\0'));
}

bool check_size(DiagnosticCollector& report) {
    const std::string_view text = report.source().text();
    if (text.size() > kMaxFileBytes) {
        report.error({}, fmt::format("the file has {} bytes; a policy has at most {} (1 MiB)",
                                     text.size(), kMaxFileBytes));
        return false;
    }
    if (text.empty()) {
        report.error({}, "the file is empty; the least a policy holds is 'version: 1'");
        return false;
    }
    return true;
}

bool check_encoding(DiagnosticCollector& report) {
    const SourceBuffer& source = report.source();
    if (source.text().starts_with(kByteOrderMark)) {
        report.error({}, "the file begins with a byte order mark (EF BB BF)",
                     "save it as UTF-8 without BOM");
        return false;
    }
    if (looks_like_utf16(source.text())) {
        report.error({}, "the file looks like UTF-16 or UTF-32; a policy is UTF-8",
                     "save it as UTF-8, or convert it with iconv");
        return false;
    }
    const std::size_t bad = base::find_invalid_utf8(source.text());
    if (bad == std::string_view::npos)
        return true;
    report.error(source.position(bad), fmt::format("byte 0x{:02x} is not UTF-8",
                                                   static_cast<unsigned char>(source.text()[bad])));
    return false;
}

bool is_refused(std::string_view rest, base::CodePoint point) {
    if (point.value == '\t' || point.value == '\n')
        return false;
    if (point.value == '\r')
        return !rest.starts_with("\r\n");
    // The bidirectional overrides are text to YAML; messages show them as '?'.
    return point.value < 0x20 || (point.value >= 0x7f && point.value < 0xa0) ||
           point.value == 0x2028 || point.value == 0x2029;
}

bool check_characters(DiagnosticCollector& report) {
    const SourceBuffer& source = report.source();
    for (std::string_view rest = source.text(); !rest.empty();) {
        const base::CodePoint point = base::next_code_point(rest);
        if (is_refused(rest, point)) {
            const SourcePosition position = source.position(source.text().size() - rest.size());
            if (point.value == 0)
                report.error(position, "a NUL byte: this is no text file");
            else if (point.value == '\r')
                report.error(position, "a carriage return alone; lines end in LF or CRLF");
            else
                report.error(position, fmt::format("control character U+{:04X} in a policy",
                                                   static_cast<unsigned>(point.value)));
            return false;
        }
        rest.remove_prefix(point.bytes);
    }
    return true;
}

bool is_marker(std::string_view line, std::string_view marker) {
    return line.starts_with(marker) && (line.size() == 3 || line[3] == ' ' || line[3] == '\t');
}

bool is_blank(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t");
    return first == std::string_view::npos || line[first] == '#';
}

/// "---" and "..." in column 1 are always markers (inside quotes they are an error), so documents
/// can be counted by lines.
bool check_documents(DiagnosticCollector& report) {
    const SourceBuffer& source = report.source();
    bool content = false;
    bool started = false;
    bool ended = false;
    for (unsigned number = 1; number <= source.line_count(); ++number) {
        const std::string_view line = source.line(number);
        const bool marker = is_marker(line, "---");
        if (is_marker(line, "...")) {
            ended = true;
            continue;
        }
        if (is_blank(line))
            continue;
        if (line.starts_with('%') && !content && !started) {
            report.error({number, 1},
                         "YAML directives ('%...') are not part of the policy language");
            return false;
        }
        if (ended || (marker && (content || started))) {
            report.error({number, 1}, "a second document; a policy file holds one",
                         "put the second into a file of its own");
            return false;
        }
        started = started || marker;
        content = content || !marker || !is_blank(line.substr(3));
    }
    if (!content)
        report.error(
            {}, "the file holds nothing but comments; the least a policy holds is 'version: 1'");
    return content;
}

void check_final_newline(DiagnosticCollector& report) {
    const SourceBuffer& source = report.source();
    if (source.text().ends_with('\n'))
        return;
    const auto last = static_cast<unsigned>(source.line_count());
    report.error({last, static_cast<unsigned>(source.line(last).size()) + 1},
                 "the last line does not end in a newline: the file may be cut off",
                 "if it is whole, end it with a newline");
}

}  // namespace

bool check_bytes(DiagnosticCollector& report) {
    // Each check relies on those before it.
    if (!check_size(report) || !check_encoding(report) || !check_characters(report))
        return false;
    // Most files without a final newline are complete, so their other errors are shown as well.
    check_final_newline(report);
    return check_documents(report);
}

}  // namespace policy
