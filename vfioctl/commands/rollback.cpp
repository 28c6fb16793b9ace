// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/rollback.hpp"

#include <algorithm>

#include "binding/transaction/rebind_plan.hpp"
#include "binding/transaction/release_plan.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"

namespace vfioctl {
namespace {

/// Only a rollback that takes devices from the host needs the policies: another one must not fail
/// because of their errors.
CliResult<void> check_protection(CliContext& cli, policy::Plan& plan) {
    const auto rebinds = [](const policy::Transaction& transaction) {
        return std::any_of(transaction.changes.begin(), transaction.changes.end(),
                           binding::is_rebind);
    };
    if (std::none_of(plan.transactions.begin(), plan.transactions.end(), rebinds))
        return {};
    const policy::Parsed policies = load_policies_for(cli, {});
    if (!policies.ok())
        return policy_failure(policies);
    const auto inventory = TRY(to_cli(cli.kernel.inventory(policies.set.required_facts())));
    binding::check_rebinds(plan, policies.set, inventory);
    return {};
}

}  // namespace

CliResult<ExitCode> run_rollback(CliContext& cli, const Arguments& arguments) {
    cli.reason_lift = ReasonLift::kNone;
    ChangeCommand change = TRY(begin_change(cli, arguments, "rollback"));
    TRY(recover_before_change(cli, change));
    const std::string txn = arguments.words.empty() ? "" : arguments.words.front();
    if (cli.daemon != nullptr && !change.dry_run) {
        policy::Plan done;
        return execute_through_daemon(cli,
                                      {.method = "Rollback",
                                       .transaction = txn,
                                       .options = timeout_option(change.options.timeout)},
                                      done, {});
    }
    const auto inventory = TRY(to_cli(cli.kernel.inventory({})));
    auto plan = TRY(to_cli(binding::plan_rollback(cli.kernel, cli.state, inventory, txn)));
    TRY(check_protection(cli, plan));
    std::vector<std::string> warnings = inventory.warnings;
    append_warnings(warnings, change.notes);
    if (!change.dry_run)
        return execute_and_print(cli, plan, std::move(warnings), std::move(change.options));
    return print_dry_run(cli, plan, warnings);
}

}  // namespace vfioctl
