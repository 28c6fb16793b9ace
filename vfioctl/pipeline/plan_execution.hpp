// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/transaction/apply.hpp"
#include "policy/plan/plan.hpp"
#include "vfioctl/client/daemon_client.hpp"
#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// May this command write to the kernel? Not below --root (a directory is no kernel), and only as
/// root.
[[nodiscard]] CliResult<void> check_may_write(const CliContext& cli, const std::string& command);

/// Undoes what a killed run left half done, before a command looks at the host to plan from it; its
/// sentences are said as warnings.
[[nodiscard]] CliResult<binding::Recovery> recover_before_change(CliContext& cli,
                                                                 binding::ApplyOptions& options);

/// The plan as text or JSON on the session's output.
void print_plan(CliContext& cli, const policy::Plan& plan,
                const std::vector<std::string>& warnings);

/// Carries the plan out, with progress on a terminal; what was done is left in `plan`.
[[nodiscard]] CliResult<void> execute(CliContext& cli, policy::Plan& plan,
                                      std::vector<std::string>& warnings,
                                      binding::ApplyOptions options);

/// The same through the daemon, when there is one; of `plan` only what was done is left.
[[nodiscard]] CliResult<ExitCode> execute_through_daemon(CliContext& cli,
                                                         const ChangeRequest& request,
                                                         policy::Plan& plan,
                                                         std::vector<std::string> warnings);

/// Where these devices are on the bus; kNoDevice for one that the daemon does not see.
[[nodiscard]] CliResult<std::vector<std::string>> object_paths(
    const CliContext& cli, const std::vector<sysfs::DeviceId>& devices);

/// The option "timeout" of a change.
[[nodiscard]] CallOptions timeout_option(std::chrono::milliseconds timeout);

/// Carries the plan out, with progress on a terminal, and prints what came of it.
/// What was done is left in `plan`.
[[nodiscard]] CliResult<ExitCode> execute_and_print(CliContext& cli, policy::Plan& plan,
                                                    std::vector<std::string> warnings,
                                                    binding::ApplyOptions options);

}  // namespace vfioctl
