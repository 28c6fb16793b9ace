// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/utf8.hpp"

#include <algorithm>
#include <array>

namespace base {
namespace {

/// The lead bytes of RFC 3629: mask and value of the lead, length, and the least code point which
/// needs that length (anything below is an overlong form).
struct Lead {
    unsigned char mask;
    unsigned char value;
    std::size_t bytes;
    char32_t least;
};
constexpr std::array kLeads = {
    Lead{0x80, 0x00, 1, 0x0},
    Lead{0xe0, 0xc0, 2, 0x80},
    Lead{0xf0, 0xe0, 3, 0x800},
    Lead{0xf8, 0xf0, 4, 0x10000},
};
constexpr std::size_t kQuotedCharacters = 60;

bool is_scalar_value(char32_t value) {
    return value < 0xd800 || (value > 0xdfff && value <= 0x10ffff);
}

CodePoint decode(std::string_view text, const Lead& lead) {
    if (text.size() < lead.bytes)
        return {};
    auto value = static_cast<char32_t>(static_cast<unsigned char>(text[0]) & ~lead.mask & 0xff);
    for (std::size_t i = 1; i < lead.bytes; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xc0) != 0x80)
            return {};
        value = (value << 6) | (byte & 0x3fU);
    }
    if (value < lead.least || !is_scalar_value(value))
        return {};
    return {.value = value, .bytes = lead.bytes};
}

}  // namespace

CodePoint next_code_point(std::string_view text) {
    if (text.empty())
        return {};
    const auto first = static_cast<unsigned char>(text[0]);
    for (const Lead& lead : kLeads)
        if ((first & lead.mask) == lead.value)
            return decode(text, lead);
    return {};
}

std::size_t find_invalid_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = next_code_point(text.substr(at));
        if (point.bytes == 0)
            return at;
        at += point.bytes;
    }
    return std::string_view::npos;
}

bool is_control(char32_t code_point) {
    return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0) || code_point == 0x61c ||
           (code_point >= 0x200b && code_point <= 0x200f) || code_point == 0x2028 ||
           code_point == 0x2029 || (code_point >= 0x202a && code_point <= 0x202e) ||
           (code_point >= 0x2060 && code_point <= 0x2069) || code_point == 0xfeff;
}

std::string printable(std::string_view text) {
    std::string out = printable_lines(text);
    std::replace(out.begin(), out.end(), '\n', '?');
    return out;
}

std::string printable_lines(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const CodePoint point = next_code_point(text);
        if (point.bytes == 0 || (is_control(point.value) && point.value != '\n'))
            out += '?';
        else
            out += text.substr(0, point.bytes);
        text.remove_prefix(point.bytes == 0 ? 1 : point.bytes);
    }
    return out;
}

std::string quote(std::string_view text) {
    std::size_t end = 0;
    std::size_t characters = 0;
    while (end < text.size() && characters < kQuotedCharacters) {
        const CodePoint point = next_code_point(text.substr(end));
        end += point.bytes == 0 ? 1 : point.bytes;
        ++characters;
    }
    return "'" + printable(text.substr(0, end)) + (end < text.size() ? "...'" : "'");
}

}  // namespace base
