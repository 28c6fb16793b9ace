// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace policy {

/// What YAML tools (1.1 as PyYAML and Ansible, or the core schema of 1.2) read an unquoted scalar
/// as: "the number 8" for 0010, "the number 60" for 01:00, "true" for yes. Nothing when they read
/// it as text. A policy may pass through such tools, so what they would change must be quoted.
[[nodiscard]] std::optional<std::string> implicit_type(std::string_view plain);

}  // namespace policy
