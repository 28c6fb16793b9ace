// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/release_plan.hpp"
#include "vfioctl/cli/invocation.hpp"
#include "vfioctl/context/command.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"

namespace vfioctl {

CliResult<ExitCode> run_rollback(CliContext& cli, const Arguments& arguments) {
    binding::ApplyOptions options;
    const auto timeout = parse_timeout(arguments, options.timeout);
    if (!timeout)
        return propagate(timeout);
    options.timeout = *timeout;
    options.action = "rollback";
    const bool dry_run = arguments.has("dry-run");
    if (!dry_run)
        if (auto may = check_may_write(cli, "rollback"); !may)
            return propagate(may);
    const auto recovery =
        dry_run ? CliResult<binding::Recovery>() : recover_before_change(cli, options);
    if (!recovery)
        return propagate(recovery);
    const std::string txn = arguments.words.empty() ? "" : arguments.words.front();
    if (cli.daemon != nullptr && !dry_run) {
        policy::Plan done;
        return execute_through_daemon(
            cli,
            {.method = "Rollback", .transaction = txn, .options = timeout_option(options.timeout)},
            done, {});
    }
    const auto inventory = cli.kernel.inventory({});
    if (!inventory)
        return fail(inventory.error());
    auto plan = binding::plan_rollback(cli.kernel, cli.state, *inventory, txn);
    if (!plan)
        return fail(plan.error());
    std::vector<std::string> warnings = inventory->warnings;
    append_warnings(warnings, recovery->notes);
    if (!dry_run)
        return execute_and_print(cli, *plan, std::move(warnings), std::move(options));
    print_plan(cli, *plan, warnings);
    return ExitCode::kDone;
}

}  // namespace vfioctl
