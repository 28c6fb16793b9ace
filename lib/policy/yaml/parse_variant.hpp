// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/model/policy_model.hpp"
#include "policy/yaml/yaml_node.hpp"

namespace policy {

/// An entry of `variants`, read as far as it has no error.
[[nodiscard]] Variant read_variant(const YamlNode& node, DiagnosticCollector& report);
/// `driver:` of a rule.
[[nodiscard]] DriverAction read_driver_action(const YamlNode& node, DiagnosticCollector& report);

}  // namespace policy
