// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/class_and_kernel_match.hpp"

#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "base/number.hpp"

namespace policy {
namespace {

constexpr std::array<std::string_view, 14> kClassNames = {
    "storage", "network", "display", "multimedia", "memory", "bridge",   "communication",
    "system",  "input",   "docking", "processor",  "serial", "wireless", "accelerator"};
constexpr std::array<std::uint8_t, kClassNames.size()> kBaseClasses = {
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x12};

constexpr int kWildcardDigit = 16;

/// 0-15, kWildcardDigit for 'x', -1 for anything else.
int class_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c == 'x' || c == 'X' ? kWildcardDigit : -1;
}

using Version = std::vector<unsigned>;

/// The leading numbers of `text` ("6.12.107-amd64" → 6, 12, 107) and what follows them.
std::pair<Version, std::string_view> leading_version(std::string_view text) {
    Version version;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        unsigned number = 0;
        const auto [next, error] = std::from_chars(at, end, number);
        if (error != std::errc{})
            break;
        version.push_back(number);
        at = next;
        if (at == end || *at != '.' || at + 1 == end || at[1] < '0' || at[1] > '9')
            break;
        ++at;
    }
    return {version, std::string_view(at, static_cast<std::size_t>(end - at))};
}

enum class Comparison { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

std::pair<Comparison, std::string_view> split_comparison(std::string_view text) {
    constexpr std::array kOperators = {
        std::pair{std::string_view(">="), Comparison::kGreaterOrEqual},
        std::pair{std::string_view("<="), Comparison::kLessOrEqual},
        std::pair{std::string_view("=="), Comparison::kEqual},
        std::pair{std::string_view("!="), Comparison::kNotEqual},
        std::pair{std::string_view(">"), Comparison::kGreater},
        std::pair{std::string_view("<"), Comparison::kLess},
        std::pair{std::string_view("="), Comparison::kEqual},
    };
    for (const auto& [sign, comparison] : kOperators) {
        if (!text.starts_with(sign))
            continue;
        text.remove_prefix(sign.size());
        while (text.starts_with(' '))
            text.remove_prefix(1);
        return {comparison, text};
    }
    return {Comparison::kEqual, text};
}

}  // namespace

std::span<const std::string_view> class_names() {
    return kClassNames;
}

std::optional<std::uint8_t> base_class(std::string_view name) {
    for (std::size_t at = 0; at < kClassNames.size(); ++at)
        if (kClassNames[at] == name)
            return kBaseClasses[at];
    return std::nullopt;
}

std::string_view class_name(std::uint32_t class_code) {
    for (std::size_t at = 0; at < kClassNames.size(); ++at)
        if (kBaseClasses[at] == class_code >> 16)
            return kClassNames[at];
    return {};
}

bool class_matches(const std::string& wanted, std::uint32_t class_code) {
    if (const auto base = base_class(wanted))
        return *base == ((class_code >> 16) & 0xff);
    // Fewer than six digits are the leading ones: "0302" is what lspci -n prints.
    if (wanted.empty() || wanted.size() > 6)
        return false;
    unsigned shift = 24;
    for (const char c : wanted) {
        shift -= 4;
        const int digit = class_digit(c);
        const int actual = static_cast<int>((class_code >> shift) & 0xf);
        if (digit < 0 || (digit != kWildcardDigit && digit != actual))
            return false;
    }
    return true;
}

std::string class_digits(std::string_view wanted) {
    std::string pattern(wanted);
    if (const auto base = base_class(wanted))
        pattern = base::to_hex(*base, 2);
    for (char& c : pattern)
        c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    pattern.resize(6, 'x');
    return pattern;
}

std::optional<KernelRange> kernel_range(const std::string& wanted) {
    constexpr std::uint64_t kAll = ~std::uint64_t{0};
    constexpr unsigned kBits = 20;
    const auto [comparison, text] = split_comparison(wanted);
    const Version version = leading_version(text).first;
    if (version.empty() || version.size() > 3)
        return std::nullopt;
    std::uint64_t first = 0;
    for (std::size_t at = 0; at < 3; ++at)
        first = first << kBits | (at < version.size() ? version[at] : 0);
    // As many numbers as the rule gives are compared: 6.12.107 is "6.12".
    const std::uint64_t end = first + (std::uint64_t{1} << (kBits * (3 - version.size())));
    switch (comparison) {
        case Comparison::kEqual:
            return KernelRange{first, end};
        case Comparison::kNotEqual:
            return std::nullopt;
        case Comparison::kLess:
            return KernelRange{0, first};
        case Comparison::kLessOrEqual:
            return KernelRange{0, end};
        case Comparison::kGreater:
            return KernelRange{end, kAll};
        case Comparison::kGreaterOrEqual:
            return KernelRange{first, kAll};
    }
    return std::nullopt;
}

std::optional<bool> kernel_matches(const std::string& wanted, const std::string& release) {
    const auto [comparison, text] = split_comparison(wanted);
    const auto [version, rest] = leading_version(text);
    if (version.empty() || !rest.empty())
        return std::nullopt;
    Version running = leading_version(release).first;
    if (running.empty())
        return false;
    // Only as many numbers as the rule gives are compared: 6.12.107 is "6.12", and not ">6.12".
    running.resize(version.size(), 0);
    switch (comparison) {
        case Comparison::kEqual:
            return running == version;
        case Comparison::kNotEqual:
            return running != version;
        case Comparison::kLess:
            return running < version;
        case Comparison::kLessOrEqual:
            return running <= version;
        case Comparison::kGreater:
            return running > version;
        case Comparison::kGreaterOrEqual:
            return running >= version;
    }
    return std::nullopt;
}

}  // namespace policy
