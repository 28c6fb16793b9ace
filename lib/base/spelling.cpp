// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/spelling.hpp"

#include <algorithm>
#include <vector>

namespace base {
namespace {

constexpr std::size_t kLongestWord = 40;

std::string folded(std::string_view word) {
    std::string out;
    for (const char letter : word) {
        if (letter >= 'A' && letter <= 'Z')
            out += static_cast<char>(letter - 'A' + 'a');
        else
            out += letter == '-' || letter == ' ' ? '_' : letter;
    }
    return out;
}

/// Damerau-Levenshtein distance (optimal string alignment), three rows of the table at a time.
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> above(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(above);
        above.swap(row);
    }
    return above[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word,
                                   std::span<const std::string_view> candidates) {
    if (word.empty() || word.size() > kLongestWord)
        return std::nullopt;
    const std::string wanted = folded(word);
    std::optional<std::string> best;
    std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
    for (const std::string_view candidate : candidates) {
        const std::size_t found = distance(wanted, folded(candidate));
        // A word of two letters is one edit from too many others.
        if (found < best_distance && found < candidate.size()) {
            best = std::string(candidate);
            best_distance = found;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
    const auto near = nearest(word, candidates);
    return near ? "did you mean '" + *near + "'?" : std::string();
}

}  // namespace base
