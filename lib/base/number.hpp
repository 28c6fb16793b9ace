// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

/// Numbers as text, parsed strictly: the whole text or nothing.
namespace base {

/// Exactly `digits` hex digits, either case, no prefix.
[[nodiscard]] Result<std::uint32_t> parse_hex(std::string_view text, std::size_t digits);
/// Decimal, no sign, no blanks, the whole text.
[[nodiscard]] Result<std::uint64_t> parse_decimal(std::string_view text);
/// The notation of sysfs: decimal or 0x-prefixed hex, surrounding white space ignored.
[[nodiscard]] std::optional<std::uint64_t> parse_kernel_number(std::string_view text);
/// Lower-case hex, zero-padded to `digits`.
[[nodiscard]] std::string to_hex(std::uint32_t value, std::size_t digits);
/// A file's mode: "0660".
[[nodiscard]] std::string to_octal(std::uint32_t mode);

/// The error for `text` that is not `what` ("a UUID"), quoted in printable ASCII.
[[nodiscard]] tl::unexpected<Error> malformed(std::string_view what, std::string_view text);

}  // namespace base
