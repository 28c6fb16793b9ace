// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/edit_distance.hpp"

#include <algorithm>
#include <utility>

namespace base {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string with_underscores(std::string_view word) {
    std::string out(word);
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c == '-' || c == ' '; }, '_');
    return out;
}

std::size_t max_edits(std::string_view word) {
    return word.size() <= 4 ? 1 : 2;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    // Three rows of the table suffice; the oldest is for swaps.
    std::vector<std::size_t> oldest(b.size() + 1);
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::swap(oldest, before);
        std::swap(before, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const char x = lower(a[i - 1]);
            const char y = lower(b[j - 1]);
            row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (x == y ? 0U : 1U)});
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
                row[j] = std::min(row[j], oldest[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::vector<std::string> similar_names(std::string_view word,
                                       const std::vector<std::string>& names) {
    constexpr std::size_t kMaxSuggestions = 3;
    std::vector<std::pair<std::size_t, std::string>> found;
    for (const std::string& name : names) {
        const std::size_t longer = std::max(name.size(), word.size());
        if (longer - std::min(name.size(), word.size()) > max_edits(word))
            continue;
        const std::size_t edits = edit_distance(word, name);
        if (edits <= max_edits(word))
            found.emplace_back(edits, name);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> out;
    for (auto& [edits, name] : found)
        if (out.size() < kMaxSuggestions && std::find(out.begin(), out.end(), name) == out.end())
            out.push_back(std::move(name));
    return out;
}

std::string did_you_mean(const std::vector<std::string>& similar) {
    if (similar.empty())
        return {};
    std::string out = "did you mean " + similar.front();
    for (std::size_t at = 1; at < similar.size(); ++at)
        out += (at + 1 == similar.size() ? " or " : ", ") + similar[at];
    return out + "?";
}

std::optional<std::string> nearest(std::string_view word,
                                   std::span<const std::string_view> candidates) {
    constexpr std::size_t kLongestWord = 40;
    if (word.empty() || word.size() > kLongestWord)
        return std::nullopt;
    const std::string wanted = with_underscores(word);
    std::optional<std::string> best;
    std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
    for (const std::string_view candidate : candidates) {
        const std::size_t found = edit_distance(wanted, with_underscores(candidate));
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
