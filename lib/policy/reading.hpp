// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/model.hpp"
#include "policy/yaml.hpp"

/// From nodes to the model, one reader for each thing of the language. Each reads as much as it can
/// and reports what it cannot: what they return is complete only when the report has no error.
namespace policy {

[[nodiscard]] Match read_match(const Node& node, std::string_view key, Report& report);
[[nodiscard]] Variant read_variant(const Node& node, Report& report);
[[nodiscard]] Rule read_rule(const Node& node, Report& report);
[[nodiscard]] MdevWish read_mdev(const Node& node, Report& report);
[[nodiscard]] DriverWish read_driver_wish(const Node& node, Report& report);

}  // namespace policy
