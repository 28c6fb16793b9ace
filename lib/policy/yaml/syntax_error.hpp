// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string_view>

#include "policy/yaml/source_file.hpp"

namespace policy {

/// Does the quoted scalar that begins at `position` have its closing quote?
[[nodiscard]] bool has_closing_quote(const SourceBuffer& source, SourcePosition position);

/// Reports a syntax error in words that say what to do. `parser_message` is the YAML parser's own
/// message at `position`, `bracket` where the innermost '[' or '{' was opened that is not closed
/// yet.
void report_syntax_error(DiagnosticCollector& report, SourcePosition position,
                         std::string_view parser_message, std::optional<SourcePosition> bracket);

}  // namespace policy
