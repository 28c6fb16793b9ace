// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace policy {

/// What YAML tools (1.1 as PyYAML and Ansible, or 1.2's core schema) make of an unquoted scalar
/// that is no text to them: "the number 8" for 0010, "the number 60" for 01:00, "true" for yes.
/// Nothing when it stays the text it is. A policy passes through such tools, so what they would
/// change must be quoted.
[[nodiscard]] std::optional<std::string> implicit_type(std::string_view plain);

}  // namespace policy
