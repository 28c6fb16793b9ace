// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "policy/model/policy_model.hpp"
#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// The `rules` and `variants` of every command that prints policies: what is in the set, and where.
[[nodiscard]] nlohmann::ordered_json rules_json(const policy::PolicySet& set);
[[nodiscard]] nlohmann::ordered_json variants_json(const policy::PolicySet& set);

/// `vfioctl policy show`: the merged policies, each rule with its origin.
[[nodiscard]] CliResult<ExitCode> run_policy_show(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
