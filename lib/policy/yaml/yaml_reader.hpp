// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/model/policy_model.hpp"
#include "policy/yaml/yaml_tree.hpp"

/// From nodes to the model, one reader for each thing of the language. Each reads as much as it can
/// and reports what it cannot: what they return is complete only when the report has no error.
namespace policy {

[[nodiscard]] Match read_match(const YamlNode& node, std::string_view key,
                               DiagnosticCollector& report);
[[nodiscard]] Variant read_variant(const YamlNode& node, DiagnosticCollector& report);
[[nodiscard]] Rule read_rule(const YamlNode& node, DiagnosticCollector& report);
[[nodiscard]] MdevSpec read_mdev(const YamlNode& node, DiagnosticCollector& report);
[[nodiscard]] DriverAction read_driver_action(const YamlNode& node, DiagnosticCollector& report);

}  // namespace policy
