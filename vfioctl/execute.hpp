// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/apply.hpp"
#include "policy/plan.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/daemon.hpp"

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

/// The same through the daemon, when there is one; of `plan` only what was done is left.
[[nodiscard]] Outcome<ExitCode> carry_out_by_daemon(Session& session, const Daemon::Wish& wish, policy::Plan& plan,
                                                    std::vector<std::string> warnings);

/// Where these devices are on the bus; kNoDevice for one that the daemon does not see.
[[nodiscard]] Outcome<std::vector<std::string>> bus_paths(const Session& session,
                                                          const std::vector<sysfs::DeviceId>& devices);

/// The option "timeout" of a change.
[[nodiscard]] Options timeout_option(std::chrono::milliseconds timeout);

/// Carries the plan out, with progress on a terminal, and prints what came of it.
/// What was done is left in `plan`.
[[nodiscard]] Outcome<ExitCode> carry_out(Session& session, policy::Plan& plan,
                                          std::vector<std::string> warnings,
                                          binding::ApplyOptions options);

}  // namespace vfioctl
