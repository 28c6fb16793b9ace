// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/yaml/source_file.hpp"

namespace policy {

/// Checks what must hold before any YAML parser sees the bytes: size, UTF-8, no control characters,
/// one document, a final newline. Reports all it finds; false when parsing on makes no sense.
[[nodiscard]] bool check_bytes(DiagnosticCollector& report);

}  // namespace policy
