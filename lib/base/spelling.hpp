// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace base {

/// The candidate that `word` is most likely a slip of: at most one edit in three letters, where an
/// edit inserts, deletes, replaces or swaps neighbours; case and '-' against '_' do not count.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string_view> candidates);

/// "did you mean 'vendor'?", or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string_view> candidates);

}  // namespace base
