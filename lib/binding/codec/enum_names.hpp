// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/result.hpp"
#include "policy/decide/driver_chain.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/usage/usage.hpp"

/// Names of enumerators for which the lower floors have none. lib/policy names the others.
namespace binding {

[[nodiscard]] const char* code_name(base::Code code);
[[nodiscard]] const char* use_kind_name(sysfs::UseKind kind);
[[nodiscard]] const char* module_state_name(sysfs::ModuleState state);
[[nodiscard]] const char* candidate_origin_name(policy::CandidateOrigin origin);
[[nodiscard]] const char* destination_name(policy::Change::To to);
[[nodiscard]] const char* check_name(policy::Check check);

}  // namespace binding
