// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/model/policy_model.hpp"
#include "policy/yaml/yaml_node.hpp"

namespace policy {

/// An entry of `mdevs`, read as far as it has no error.
[[nodiscard]] MdevSpec read_mdev(const YamlNode& node, DiagnosticCollector& report);

}  // namespace policy
