// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/apply.hpp"
#include "policy/plan.hpp"
#include "vfioctl/command.hpp"

namespace vfioctl {

/// May this command write to the kernel? Not below --root (a directory is no kernel), and only as root.
[[nodiscard]] Outcome<void> may_write(const Session& session, const std::string& command);

/// Undoes what a killed run left half done, before a command looks at the host to plan from it; its sentences
/// are said as warnings.
[[nodiscard]] Outcome<binding::Recovery> recover_first(Session& session,
                                                       binding::ApplyOptions& options);

/// The plan as text or JSON on the session's output.
void print_plan(Session& session, const policy::Plan& plan, const std::vector<std::string>& warnings);

/// Carries the plan out, with progress on a terminal; what was done is left in `plan`.
[[nodiscard]] Outcome<void> execute(Session& session, policy::Plan& plan,
                                    std::vector<std::string>& warnings,
                                    binding::ApplyOptions options);

/// Carries the plan out, with progress on a terminal, and prints what came of it.
/// What was done is left in `plan`.
[[nodiscard]] Outcome<ExitCode> carry_out(Session& session, policy::Plan& plan,
                                          std::vector<std::string> warnings,
                                          binding::ApplyOptions options);

}  // namespace vfioctl
