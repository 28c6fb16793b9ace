// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

namespace bindd {

/// kInvalid, with the rendered diagnostics, for policies that cannot be put in force.
[[nodiscard]] base::Result<void> check_policies(const LoadedPolicies& policies);

void on_policy_files_changed(StepContext& step);
void on_policies_read(StepContext& step, PoliciesRead input);
/// At the start: puts the policies in force, or rejects them. `last_valid`: the set that an earlier
/// run saved; in force until the files are valid.
void apply_first_policies(StepContext& step, LoadedPolicies policies, LoadedPolicies last_valid);

}  // namespace bindd
