// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <string_view>

/// The keys of each map of the language but `match` (match_fields.hpp). They serve "did you mean"
/// and the hint where a misplaced key belongs.
namespace policy {

inline constexpr std::array<std::string_view, 3> kFileKeys = {"version", "variants", "rules"};
inline constexpr std::array<std::string_view, 5> kVariantKeys = {"name", "priority", "match",
                                                                 "drivers", "why"};
inline constexpr std::array<std::string_view, 14> kRuleKeys = {
    "name",  "priority", "match", "protect", "driver", "group", "in_use",
    "limit", "access",   "check", "drift",   "sriov",  "attrs", "mdevs"};
inline constexpr std::array<std::string_view, 3> kAccessKeys = {"owner", "group", "mode"};
inline constexpr std::array<std::string_view, 1> kInUseKeys = {"allow"};
inline constexpr std::array<std::string_view, 1> kSriovKeys = {"vfs"};
inline constexpr std::array<std::string_view, 4> kMdevKeys = {"uuid", "count", "type", "attrs"};

}  // namespace policy
