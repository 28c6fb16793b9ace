// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <string>
#include <vector>

namespace policy {

/// A place in a policy file. Lines and columns count from 1, columns in bytes; line 0 is the whole
/// file.
struct SourceLocation {
    std::string file;
    unsigned line = 0;
    unsigned column = 0;

    /// "file:line", or "file" for line 0.
    [[nodiscard]] std::string text() const;
    auto operator<=>(const SourceLocation&) const = default;
};

enum class DiagnosticSeverity { kError, kWarning };

/// One error or warning in a policy, with its place and its line.
struct Diagnostic {
    SourceLocation where;
    DiagnosticSeverity severity = DiagnosticSeverity::kError;
    std::string text;
    std::string line;  ///< the source line, for the caret; empty when there is none
    std::string hint;  ///< "did you mean 'driver'?"; empty when there is none

    auto operator<=>(const Diagnostic&) const = default;
};

/// `file:line:col: error: text`, the line and a caret below it, then the hint; each line ends in
/// '\n'. Control characters of the source line are shown as '?', so a file cannot control the
/// terminal.
[[nodiscard]] std::string render(const Diagnostic& diagnostic);
[[nodiscard]] std::string render(const std::vector<Diagnostic>& diagnostics);

}  // namespace policy
