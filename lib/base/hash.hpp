// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string_view>

/// FNV-1a: detects accidental changes of a text. It is no protection against forgery.
namespace base {

template <typename Hash, Hash kPrime>
[[nodiscard]] constexpr Hash fnv1a(std::string_view text, Hash hash) {
    for (const char byte : text)
        hash = (hash ^ static_cast<unsigned char>(byte)) * kPrime;
    return hash;
}

[[nodiscard]] constexpr std::uint32_t fnv1a_32(std::string_view text) {
    return fnv1a<std::uint32_t, 16777619U>(text, 2166136261U);
}

inline constexpr std::uint64_t kFnv1aStart64 = 0xcbf29ce484222325;

/// The hash of a longer text is continued by passing the result as `hash`.
[[nodiscard]] constexpr std::uint64_t fnv1a_64(std::string_view text,
                                               std::uint64_t hash = kFnv1aStart64) {
    return fnv1a<std::uint64_t, 0x100000001b3>(text, hash);
}

}  // namespace base
