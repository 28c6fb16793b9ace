// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/release.hpp"

#include <ostream>

#include "binding/journal/journal.hpp"
#include "binding/transaction/release_plan.hpp"
#include "vfioctl/context/option_values.hpp"
#include "vfioctl/pipeline/bind_options.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"
#include "vfioctl/pipeline/rule_file.hpp"

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

/// A release holds until the policies are applied again.
void name_rules(CliContext& cli, HostAssessment& assessment,
                const std::vector<sysfs::DeviceId>& ids) {
    for (const sysfs::DeviceId& id : ids) {
        const policy::Decision* decision = assessment.decision(id);
        if (decision == nullptr || decision->outcome != policy::DecisionOutcome::kWanted ||
            !decision->rule->driver ||
            decision->rule->driver->kind == policy::DriverAction::ActionKind::kHost)
            continue;
        const std::string sentence = id.display() + ": rule '" + decision->rule->name + "' (" +
                                     decision->rule->where.text() +
                                     ") takes it again at the next `vfioctl apply` or boot";
        if (!cli.json())
            cli.err << "note: " << printable(sentence) << "\n";
        assessment.warnings.push_back(sentence);
    }
}

/// What `bind --persist` has kept of the devices.
CliResult<void> forget(CliContext& cli, const HostAssessment& assessment,
                       const std::vector<sysfs::DeviceId>& ids) {
    RuleFile file = TRY(RuleFile::read(cli.options.root));
    bool removed = false;
    for (const sysfs::DeviceId& id : ids)
        removed = file.remove(*assessment.inventory.find(id)) || removed;
    if (removed)
        TRY(file.write(assessment.inventory, assessment.drivers));
    if (!cli.json())
        cli.out << (removed ? "rule removed from " : "no rule of it is in ")
                << printable(file.path()) << "\n";
    return {};
}

CliResult<ExitCode> release_through_daemon(CliContext& cli, const HostAssessment& assessment,
                                           const std::vector<sysfs::DeviceId>& ids,
                                           const Arguments& arguments,
                                           std::chrono::milliseconds timeout) {
    ChangeRequest request{.method = "Release",
                          .paths = TRY(object_paths(cli, ids)),
                          .options = timeout_option(timeout)};
    if (const auto words = split_commas(arguments.all("force")); !words.empty())
        request.options.emplace("force", words);
    policy::Plan done;
    return execute_through_daemon(cli, request, done, assessment.warnings);
}

}  // namespace

CliResult<ExitCode> run_release(CliContext& cli, const Arguments& arguments) {
    cli.reason_lift = ReasonLift::kForceOption;
    const auto forced = TRY(parse_forced_reasons(arguments));
    ChangeCommand change = TRY(begin_change(cli, arguments, "release"));
    const binding::Recovery recovery = TRY(recover_before_change(cli, change));
    sysfs::ScanOptions wanted;
    wanted.properties = true;  // whether a udev rule of ours has set the override
    auto assessment = TRY(scan_host(cli, wanted, OnPolicyError::kWarns));
    append_warnings(assessment.warnings, change.notes);
    auto ids = TRY(resolve_devices(cli, assessment, arguments.words));
    const std::vector<sysfs::DeviceId> named = ids;
    TRY(drop_recovered(cli, recovery, ids));
    TRY(decide(cli, assessment));
    policy::Plan plan;
    if (cli.daemon == nullptr || change.dry_run)
        plan = TRY(to_cli(
            binding::plan_release(cli.kernel, cli.state, assessment.inventory, ids, forced)));
    if (change.dry_run || !arguments.has("forget"))
        name_rules(cli, assessment, named);
    if (change.dry_run)
        return print_dry_run(cli, plan, assessment.warnings);
    const auto ended =
        cli.daemon == nullptr
            ? execute_and_print(cli, plan, assessment.warnings, std::move(change.options))
            : release_through_daemon(cli, assessment, ids, arguments, change.options.timeout);
    if (ended && *ended == ExitCode::kDone && arguments.has("forget"))
        TRY(forget(cli, assessment, named));
    return ended;
}

}  // namespace vfioctl
