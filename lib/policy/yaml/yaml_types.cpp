// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/yaml_types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace policy {
namespace {

constexpr std::array<std::string_view, 11> kTrue = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                                    "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse = {"n",     "N",     "no",  "No",  "NO", "false",
                                                     "False", "FALSE", "off", "Off", "OFF"};

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

bool all_of(std::string_view text, std::string_view allowed) {
    return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

std::string number(double value) {
    return fmt::format("the number {}", value);
}

std::optional<std::string> integer(std::string_view digits, int base) {
    std::uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc() || end != digits.data() + digits.size())
        return "a number";
    return fmt::format("the number {}", value);
}

std::string without_underscores(std::string_view text) {
    std::string out(text);
    std::erase(out, '_');
    return out;
}

/// 0010 (octal in 1.1), 0o10, 0x10, 0b10, 42.
std::optional<std::string> resolve_integer(const std::string& text) {
    constexpr std::string_view kDigits = "0123456789";
    const std::string_view view = text;
    if (view.starts_with("0x") && all_of(view.substr(2), "0123456789abcdefABCDEF"))
        return integer(view.substr(2), 16);
    if (view.starts_with("0o") && all_of(view.substr(2), "01234567"))
        return integer(view.substr(2), 8);
    if (view.starts_with("0b") && all_of(view.substr(2), "01"))
        return integer(view.substr(2), 2);
    if (view.size() > 1 && view[0] == '0' && all_of(view, "01234567"))
        return integer(view, 8);
    if (all_of(view, kDigits))
        return integer(view, 10);
    return std::nullopt;
}

/// Base 60, as in 190:20:30 and 0000:01:00.0; all but the first part below 60.
std::optional<std::string> resolve_sexagesimal(const std::string& text) {
    double value = 0;
    std::string_view rest = text;
    for (bool first = true;; first = false) {
        const std::size_t colon = rest.find(':');
        const std::string_view part = rest.substr(0, colon);
        const bool last = colon == std::string_view::npos;
        const std::string_view whole = last ? part.substr(0, part.find('.')) : part;
        if ((first && last) || !all_of(whole, "0123456789"))
            return std::nullopt;
        if (!first && (whole.size() > 2 || (whole.size() == 2 && whole[0] > '5')))
            return std::nullopt;
        if (last && !all_of(part, "0123456789."))
            return std::nullopt;
        double piece = 0;
        std::from_chars(part.data(), part.data() + part.size(), piece, std::chars_format::fixed);
        value = value * 60 + piece;
        if (last)
            return number(value);
        rest.remove_prefix(colon + 1);
    }
}

/// 6.10, 1e10, .5: one dot at most, an exponent perhaps.
std::optional<std::string> resolve_float(const std::string& text) {
    if (!all_of(text, "0123456789.eE+-") || text.find_first_of("0123456789") == std::string::npos)
        return std::nullopt;
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc::result_out_of_range)
        return "a number";
    if (error != std::errc() || stop != end)
        return std::nullopt;
    return number(value);
}

/// 2001-12-14, with or without a time behind it.
bool is_date(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789";
    return text.size() >= 10 && all_of(text.substr(0, 4), kDigits) && text[4] == '-' &&
           all_of(text.substr(5, 2), kDigits) && text[7] == '-' &&
           all_of(text.substr(8, 2), kDigits) &&
           (text.size() == 10 || text[10] == ' ' || text[10] == 'T' || text[10] == 't');
}

}  // namespace

std::optional<std::string> implicit_type(std::string_view plain) {
    if (plain.empty() || plain == "~" || plain == "null" || plain == "Null" || plain == "NULL")
        return "null";
    if (is_one_of(plain, kTrue))
        return "true";
    if (is_one_of(plain, kFalse))
        return "false";
    if (plain == "<<" || plain == "=")
        return "a special key";
    if (is_date(plain))
        return "a date";
    const bool is_signed = plain[0] == '-' || plain[0] == '+';
    const std::string_view magnitude = is_signed ? plain.substr(1) : plain;
    if (magnitude == ".inf" || magnitude == ".Inf" || magnitude == ".INF" || plain == ".nan" ||
        plain == ".NaN" || plain == ".NAN")
        return "a number";
    const std::string text = without_underscores(magnitude);
    if (magnitude.empty() || magnitude[0] == '_' || text.empty())
        return std::nullopt;
    auto reading = resolve_integer(text);
    if (!reading)
        reading = resolve_sexagesimal(text);
    if (!reading)
        reading = resolve_float(text);
    if (reading && plain[0] == '-' && reading->starts_with("the number "))
        reading->insert(std::string_view("the number ").size(), "-");
    return reading;
}

}  // namespace policy
