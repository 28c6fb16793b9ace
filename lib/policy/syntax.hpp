// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string_view>

#include "policy/source.hpp"

namespace policy {

/// Does the quoted scalar that begins at `place` have its closing quote?
[[nodiscard]] bool has_closing_quote(const Source& source, Place place);

/// Reports a syntax error in words that say what to do. `complaint` is the YAML parser's own
/// message at `place`, `bracket` where the innermost '[' or '{' was opened that is not closed yet.
void report_syntax_error(Report& report, Place place, std::string_view complaint,
                         std::optional<Place> bracket);

}  // namespace policy
