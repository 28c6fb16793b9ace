// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/transaction/apply.hpp"
#include "policy/plan/plan.hpp"
#include "vfioctl/client/daemon_client.hpp"
#include "vfioctl/context/command.hpp"

namespace vfioctl {

/// What all commands that change the host have in common before they plan.
struct ChangeCommand {
    binding::ApplyOptions options;
    bool dry_run = false;
    std::vector<std::string> notes;  ///< of the recovery, printed already
};
/// --timeout and --dry-run. Fails below --root (no kernel), and for users other than root, who may
/// do a dry run.
[[nodiscard]] CliResult<ChangeCommand> begin_change(const CliContext& cli,
                                                    const Arguments& arguments,
                                                    const std::string& command);

/// Unless it is a dry run: undoes what an interrupted run left unfinished, before the command reads
/// the host. Prints its notes as warnings.
[[nodiscard]] CliResult<binding::Recovery> recover_before_change(CliContext& cli,
                                                                 ChangeCommand& change);

/// The plan as text or JSON on the session's output.
void print_plan(CliContext& cli, const policy::Plan& plan,
                const std::vector<std::string>& warnings);

/// The same as the whole of a dry run: kRefused where all that there is to do is refused.
[[nodiscard]] ExitCode print_dry_run(CliContext& cli, const policy::Plan& plan,
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

/// Carries out the plan, with progress on a terminal, and prints the result, which it leaves in
/// `plan`.
[[nodiscard]] CliResult<ExitCode> execute_and_print(CliContext& cli, policy::Plan& plan,
                                                    std::vector<std::string> warnings,
                                                    binding::ApplyOptions options);

}  // namespace vfioctl
