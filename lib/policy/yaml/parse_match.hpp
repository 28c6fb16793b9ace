// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/model/policy_model.hpp"
#include "policy/yaml/yaml_node.hpp"

namespace policy {

/// Reports what it cannot read at the node; the result is complete only without an error in the
/// report.
[[nodiscard]] Match read_match(const YamlNode& node, std::string_view key,
                               DiagnosticCollector& report);

}  // namespace policy
