// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The values of `class` and `kernel` are small languages of their own.
namespace policy {

/// The names that `class` accepts ("network").
[[nodiscard]] std::span<const std::string_view> class_names();
/// The base class byte of such a name; nothing for other words.
[[nodiscard]] std::optional<std::uint8_t> base_class(std::string_view name);
/// The name of a class code, by its base class; empty when `class` has none for it.
[[nodiscard]] std::string_view class_name(std::uint32_t class_code);
/// A name, or hex digits with 'x' for any, against the 24 bits of a class code.
[[nodiscard]] bool class_matches(const std::string& wanted, std::uint32_t class_code);

/// The same as a pattern of six digits, 'x' for any: "02xxxx" for "network".
[[nodiscard]] std::string class_digits(std::string_view wanted);

/// ">=6.8", "6.12", "<5.13" against a release such as "6.12.107-amd64"; nothing: not a comparison.
[[nodiscard]] std::optional<bool> kernel_matches(const std::string& wanted,
                                                 const std::string& release);
/// The releases that it accepts, as numbers in their order: from `first`, before `end`. Nothing for
/// "!=", which is no range.
struct KernelRange {
    std::uint64_t first = 0;
    std::uint64_t end = 0;
};
[[nodiscard]] std::optional<KernelRange> kernel_range(const std::string& wanted);

}  // namespace policy
