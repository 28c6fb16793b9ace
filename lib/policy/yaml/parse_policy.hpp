// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "policy/model/diagnostic.hpp"
#include "policy/model/policy_model.hpp"
#include "policy/yaml/source_file.hpp"

namespace policy {

/// A set when there is no error, and every diagnostic, in file order.
struct Parsed {
    PolicySet set;
    std::vector<Diagnostic> diagnostics;

    [[nodiscard]] bool ok() const;  ///< no diagnostic is an error
};

/// Parses a whole set: every file, then checks across files (two rules of one name). Reports all
/// errors at once. Never throws, never logs.
[[nodiscard]] Parsed parse_set(std::span<const SourceFile> files);

}  // namespace policy
