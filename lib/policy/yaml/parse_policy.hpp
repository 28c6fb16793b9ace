// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "policy/model/diagnostic.hpp"
#include "policy/model/policy_model.hpp"

namespace policy {

/// A policy file's name (for messages) and whole text. Reading it is the caller's business.
struct SourceFile {
    std::string name;
    std::string text;
};

/// What came of parsing: a set when there is no error, and every diagnostic, in file order.
struct Parsed {
    PolicySet set;
    std::vector<Diagnostic> diagnostics;

    [[nodiscard]] bool ok() const;  ///< no diagnostic is an error
};

/// Limits on what a file may be; past them it is refused, with its position, in bounded memory.
inline constexpr std::size_t kMaxFileBytes = std::size_t{1024} * 1024;
inline constexpr unsigned kMaxDepth = 32;
inline constexpr unsigned kMaxNodes = 10'000;
inline constexpr std::size_t kMaxScalarBytes = 4096;

/// Parses a whole set: every file, then what only shows across files (two rules of one name). All
/// errors at once. Never throws, never logs.
[[nodiscard]] Parsed parse_set(std::span<const SourceFile> files);

/// The set as YAML that parses back to it: what `policy show` prints.
[[nodiscard]] std::string emit(const PolicySet& set);

}  // namespace policy
