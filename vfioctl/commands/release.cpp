// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/release.hpp"

#include "binding/journal/journal.hpp"
#include "binding/transaction/release_plan.hpp"
#include "vfioctl/context/option_values.hpp"
#include "vfioctl/pipeline/bind_options.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"

namespace vfioctl {
namespace {

/// Devices whose unfinished transaction was undone by recovery are released already.
CliResult<void> drop_recovered(const CliContext& cli, const binding::Recovery& recovery,
                               std::vector<sysfs::DeviceId>& ids) {
    for (const sysfs::DeviceId& id : ids)
        if (const auto pending = recovery.pending_undo.find(id);
            pending != recovery.pending_undo.end())
            return fail(ExitCode::kTimedOut, id.display() + ": release",
                        "an interrupted transaction could not be undone yet: " + pending->second,
                        "release it again once it is no longer held");
    if (recovery.undone.empty())
        return {};
    const auto journal = binding::read_journal(cli.state);
    if (!journal)
        return fail(journal.error());
    std::erase_if(ids, [&](const sysfs::DeviceId& id) {
        return recovery.undone.contains(id) && !journal->bound.contains(id);
    });
    return {};
}

}  // namespace

CliResult<ExitCode> run_release(CliContext& cli, const Arguments& arguments) {
    const auto forced = TRY(parse_forced_reasons(arguments));
    ChangeCommand change = TRY(begin_change(cli, arguments, "release"));
    const binding::Recovery recovery = TRY(recover_before_change(cli, change));
    HostAssessment assessment;
    append_warnings(assessment.warnings, change.notes);
    sysfs::ScanOptions wanted;
    wanted.properties = true;  // whether a udev rule of ours has set the override
    assessment.inventory = TRY(to_cli(cli.kernel.inventory(wanted)));
    auto ids = TRY(resolve_devices(cli, assessment, arguments.words));
    TRY(drop_recovered(cli, recovery, ids));
    if (cli.daemon != nullptr && !change.dry_run) {
        const auto paths = TRY(object_paths(cli, ids));
        ChangeRequest request{
            .method = "Release", .paths = paths, .options = timeout_option(change.options.timeout)};
        if (const auto words = split_commas(arguments.all("force")); !words.empty())
            request.options.emplace("force", words);
        policy::Plan done;
        return execute_through_daemon(cli, request, done, {});
    }
    auto plan = TRY(
        to_cli(binding::plan_release(cli.kernel, cli.state, assessment.inventory, ids, forced)));
    if (!change.dry_run)
        return execute_and_print(cli, plan, assessment.warnings, std::move(change.options));
    return print_dry_run(cli, plan, assessment.warnings);
}

}  // namespace vfioctl
