// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string_view>

#include "policy/yaml/source_file.hpp"

namespace policy {

/// Does the quoted scalar at `position` have its closing quote?
[[nodiscard]] bool has_closing_quote(const SourceBuffer& source, SourcePosition position);

/// Reports a syntax error with the action to take. `parser_message` is the YAML parser's own
/// message at `position`; `bracket` is the position of the innermost open '[' or '{'.
void report_syntax_error(DiagnosticCollector& report, SourcePosition position,
                         std::string_view parser_message, std::optional<SourcePosition> bracket);

}  // namespace policy
