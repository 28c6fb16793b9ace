// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal/journal.hpp"
#include "binding/transaction/release_plan.hpp"
#include "vfioctl/cli/invocation.hpp"
#include "vfioctl/context/command.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"

namespace vfioctl {
namespace {

/// What was only in flight is released by its recovery; nothing is left to plan for it.
CliResult<void> drop_recovered(const CliContext& cli, const binding::Recovery& recovery,
                               std::vector<sysfs::DeviceId>& ids) {
    for (const sysfs::DeviceId& id : ids)
        if (const auto pending = recovery.pending_undo.find(id);
            pending != recovery.pending_undo.end())
            return fail(ExitCode::kTimedOut, id.display() + ": release",
                        "an interrupted transaction could not be undone yet: " + pending->second,
                        "once its holder has let go, release it again");
    if (recovery.undone.empty())
        return {};
    const auto ledger = binding::read_journal(cli.state);
    if (!ledger)
        return fail(ledger.error());
    std::erase_if(ids, [&](const sysfs::DeviceId& id) {
        return recovery.undone.contains(id) && !ledger->bound.contains(id);
    });
    return {};
}

}  // namespace

CliResult<ExitCode> run_release(CliContext& cli, const Arguments& arguments) {
    binding::ApplyOptions options;
    const auto timeout = parse_timeout(arguments, options.timeout);
    if (!timeout)
        return propagate(timeout);
    options.timeout = *timeout;
    options.action = "release";
    const bool dry_run = arguments.has("dry-run");
    if (!dry_run)
        if (auto may = check_may_write(cli, "release"); !may)
            return propagate(may);
    const auto recovery =
        dry_run ? CliResult<binding::Recovery>() : recover_before_change(cli, options);
    if (!recovery)
        return propagate(recovery);
    HostAssessment assessment;
    append_warnings(assessment.warnings, recovery->notes);
    auto inventory = cli.kernel.inventory({});
    if (!inventory)
        return fail(inventory.error());
    assessment.inventory = std::move(*inventory);
    auto ids = resolve_devices(assessment, arguments.words);
    if (!ids)
        return propagate(ids);
    if (auto left = drop_recovered(cli, *recovery, *ids); !left)
        return propagate(left);
    if (cli.daemon != nullptr && !dry_run) {
        const auto paths = object_paths(cli, *ids);
        if (!paths)
            return propagate(paths);
        policy::Plan done;
        return execute_through_daemon(
            cli, {.method = "Release", .paths = *paths, .options = timeout_option(options.timeout)},
            done, {});
    }
    auto plan = binding::plan_release(cli.kernel, cli.state, assessment.inventory, *ids);
    if (!plan)
        return fail(plan.error());
    if (!dry_run)
        return execute_and_print(cli, *plan, assessment.warnings, std::move(options));
    print_plan(cli, *plan, assessment.warnings);
    return ExitCode::kDone;
}

}  // namespace vfioctl
