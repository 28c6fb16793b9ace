// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/udev/udev_match.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policy/model/class_and_kernel_match.hpp"
#include "policy/model/match_fields.hpp"

/// udev(7): all keys of a line must hold; `|` separates the alternatives of a pattern; patterns are
/// fnmatch's, as those of the policies. An attribute that a device does not have matches neither
/// with `==` nor with `!=`, so a flag is inverted and never a key. udev does not store properties
/// that begin with a dot.
namespace policy {
namespace {

constexpr std::size_t kLongestPattern = 4096;  // udev drops lines over 16 KiB

std::string equals(const std::string& key, const std::string& pattern) {
    return key + "==\"" + pattern + "\"";
}

/// "0x0302??" for the class as sysfs prints it, all six digits.
std::string class_pattern(const std::string& word) {
    std::string digits = word;
    if (const auto base = base_class(word)) {
        constexpr const char* kDigits = "0123456789abcdef";
        digits = {kDigits[*base >> 4], kDigits[*base & 0xf]};
    }
    std::replace(digits.begin(), digits.end(), 'x', '?');
    digits.resize(6, '?');
    return "0x" + digits;
}

/// The wanted values in udev's spelling.
template <typename Spell>
std::vector<std::string> spelled(const std::vector<std::string>& wanted, Spell spell) {
    std::vector<std::string> out;
    std::transform(wanted.begin(), wanted.end(), std::back_inserter(out), spell);
    return out;
}

std::string hex_pattern(const std::string& id) {
    return "0x" + id;
}

std::string bool_digit(const std::string& word) {
    return word == "true" ? "1" : "0";
}

bool contains(const std::vector<std::string>& words, const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::string udev_comment(const std::string& text) {
    std::string line = text;
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < ' '; }, '?');
    return "# " + line + "\n";
}

bool is_udev_literal(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' - 1 && c < 0x7f && c != '"' && c != '\\' && c != '|' && c != '$' && c != '%';
    });
}

std::string UdevMatch::new_flag() {
    return "ENV{.BINDD_" + std::to_string(next_++) + "}";
}

std::string UdevMatch::write(const Match& match, Approximation approximation, std::string& out) {
    const Approximation inverted = approximation == Approximation::kInclude
                                       ? Approximation::kExclude
                                       : Approximation::kInclude;
    std::vector<std::string> conditions;
    bool never = false;
    const auto require = [&](const Condition& condition) {
        never = never || !condition;
        if (condition && !condition->empty())
            conditions.push_back(*condition);
    };
    for (const FieldTest& test : match.fields)
        require(field(test, approximation));
    if (!match.pf.empty())
        require(approximate("pf", approximation));
    for (const Match& each : match.all)
        require(write(each, approximation, out));
    for (const auto& list : match.any)
        require(any(list, approximation, out));
    for (const Match& each : match.none) {
        std::string flag = write(each, inverted, out);
        require(flag.replace(flag.find("=="), 2, "!="));
    }
    const std::string flag = new_flag();
    if (!never)
        out += fmt::format("{}", fmt::join(conditions, ", ")) + (conditions.empty() ? "" : ", ") +
               flag + "=\"1\"\n";
    return equals(flag, "1");
}

std::string UdevMatch::any(const std::vector<Match>& list, Approximation approximation,
                           std::string& out) {
    const std::string flag = new_flag();
    for (const Match& each : list) {
        const std::string one = write(each, approximation, out);
        out += one + ", " + flag + "=\"1\"\n";
    }
    return equals(flag, "1");
}

UdevMatch::Condition UdevMatch::approximate(const std::string& key, Approximation approximation) {
    if (!contains(unsupported_, key.c_str()))
        unsupported_.push_back(key);
    return approximation == Approximation::kInclude ? Condition("") : std::nullopt;
}

UdevMatch::Condition UdevMatch::alternatives(const FieldTest& test, const std::string& key,
                                             const std::vector<std::string>& patterns,
                                             Approximation approximation) {
    const std::string pattern = fmt::format("{}", fmt::join(patterns, "|"));
    const bool expressible = std::all_of(patterns.begin(), patterns.end(), is_udev_literal) &&
                             is_udev_literal(test.key) && test.key.find('}') == std::string::npos &&
                             pattern.size() <= kLongestPattern;
    return expressible ? Condition(equals(key, pattern))
                       : approximate(std::string(match_field(test.field).key), approximation);
}

UdevMatch::Condition UdevMatch::presence(const FieldTest& test, const std::string& file) {
    const bool with = contains(test.wanted, "true");
    const bool without = contains(test.wanted, "false");
    if (with && without)
        return "";
    return "TEST" + std::string(with ? "==" : "!=") + "\"" + file + "\"";
}

UdevMatch::Condition UdevMatch::field(const FieldTest& test, Approximation approximation) {
    const MatchField& row = match_field(test.field);
    const std::string key(row.udev_key);
    switch (row.udev) {
        case UdevTest::kNone:
            return approximate(std::string(row.key), approximation);
        case UdevTest::kPattern:
            return alternatives(test, key, test.wanted, approximation);
        case UdevTest::kHexPattern:
            return alternatives(test, key, spelled(test.wanted, hex_pattern), approximation);
        case UdevTest::kClassPattern:
            return alternatives(test, key, spelled(test.wanted, class_pattern), approximation);
        case UdevTest::kBoolDigit:
            return alternatives(test, key, spelled(test.wanted, bool_digit), approximation);
        case UdevTest::kPresence:
            return presence(test, key);
        case UdevTest::kProperty:
            return alternatives(test, "ENV{" + test.key + "}", test.wanted, approximation);
        case UdevTest::kPciBus:
            return contains(test.wanted, "pci") ? Condition("") : std::nullopt;
        case UdevTest::kHost:
            return field_holds(test, {}, host_) ? Condition("") : std::nullopt;
    }
    return approximate(std::string(row.key), approximation);
}

}  // namespace policy
