// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace base {

/// Edits between two words: insert, delete, replace, or swap two neighbours. Case does not count.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// Those of `names` that a misspelt `word` may have meant, best first, at most three.
[[nodiscard]] std::vector<std::string> similar_names(std::string_view word,
                                                     const std::vector<std::string>& names);

/// "did you mean a, b or c?", or empty.
[[nodiscard]] std::string did_you_mean(const std::vector<std::string>& near);

}  // namespace base
