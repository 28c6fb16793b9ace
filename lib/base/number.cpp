// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/number.hpp"

#include <algorithm>
#include <charconv>

namespace base {
namespace {

bool is_hex_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// The text for a message: short and printable.
std::string quoted(std::string_view text) {
    constexpr std::size_t kShown = 80;
    std::string out = "'";
    for (const char c : text.substr(0, kShown))
        if (c >= ' ' && c < 0x7f)
            out += c;
        else
            out += "\\x" + to_hex(static_cast<unsigned char>(c), 2);
    return out + (text.size() > kShown ? "...'" : "'");
}

/// Of `bits` each, zero-padded.
std::string in_digits(std::uint32_t value, unsigned bits, std::size_t least) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (; value != 0 || out.size() < least; value >>= bits)
        out += kDigits[value & ((1U << bits) - 1)];
    std::reverse(out.begin(), out.end());
    return out;
}

}  // namespace

tl::unexpected<Error> malformed(std::string_view what, std::string_view text) {
    return fail(Code::kInvalid, {}, quoted(text), "not " + std::string(what));
}

Result<std::uint32_t> parse_hex(std::string_view text, std::size_t digits) {
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
    if (text.empty() || text.size() != digits || error != std::errc() || stop != end ||
        !std::all_of(text.begin(), text.end(), is_hex_digit))
        return malformed(std::to_string(digits) + " hex digits", text);
    return value;
}

Result<std::uint64_t> parse_decimal(std::string_view text) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, 10);
    if (text.empty() || error != std::errc() || stop != end)
        return malformed("a decimal number", text);
    return value;
}

std::optional<std::uint64_t> parse_kernel_number(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos)
        return std::nullopt;
    text = text.substr(first, text.find_last_not_of(kBlank) - first + 1);
    const bool prefixed = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (prefixed)
        text.remove_prefix(2);
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, prefixed ? 16 : 10);
    if (error != std::errc() || stop != end)
        return std::nullopt;
    return value;
}

std::string to_hex(std::uint32_t value, std::size_t digits) {
    return in_digits(value, 4, digits);
}

std::string to_octal(std::uint32_t mode) {
    return in_digits(mode, 3, 4);
}

}  // namespace base
