// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/yaml/source_file.hpp"

namespace policy {

/// Checks the bytes before the YAML parser reads them: size, UTF-8, no control characters, one
/// document, a final newline. Returns false when the file must not be parsed.
[[nodiscard]] bool check_bytes(DiagnosticCollector& report);

}  // namespace policy
