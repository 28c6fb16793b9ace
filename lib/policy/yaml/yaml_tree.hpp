// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "policy/yaml/yaml_node.hpp"

namespace policy {

/// The whole file as a tree, within the limits of source_file.hpp. Nothing when the file is no YAML
/// or exceeds a limit (reported). Anchors, aliases, tags, nulls and duplicate keys are reported and
/// become kBroken, so that the rest of the file is still checked.
[[nodiscard]] std::optional<YamlNode> parse_yaml(DiagnosticCollector& report);

}  // namespace policy
