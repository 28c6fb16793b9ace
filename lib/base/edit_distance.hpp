// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Suggestions for misspelt words.
namespace base {

/// Edits between two words (optimal string alignment): insert, delete, replace, or swap two
/// neighbours. Case does not count.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The members of `names` within one edit of a `word` of up to four letters, or within two of a
/// longer one: best first, at most three.
[[nodiscard]] std::vector<std::string> similar_names(std::string_view word,
                                                     const std::vector<std::string>& names);
/// "did you mean a, b or c?", or empty.
[[nodiscard]] std::string did_you_mean(const std::vector<std::string>& similar);

/// The best of `candidates` within one edit per three letters of `word`. '-' and ' ' equal '_'.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string_view> candidates);
/// "did you mean 'vendor'?", or empty.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string_view> candidates);

}  // namespace base
