// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/bind.hpp"

#include <ostream>
#include <utility>

#include "vfioctl/context/option_values.hpp"
#include "vfioctl/pipeline/bind_options.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"
#include "vfioctl/pipeline/rule_file.hpp"

/// `vfioctl bind`: a rule for each device, with precedence over all rules except protecting ones,
/// by the same decisions and the same planner as any other rule.
namespace vfioctl {
namespace {

/// The reasons do not name the option of this command that would help.
void hint_at_group(CliContext& cli, const policy::Plan& plan,
                   const policy::BindOptions& requested) {
    if (requested.group == policy::GroupSelection::SelectionKind::kWhole || cli.json())
        return;
    for (const policy::Transaction& transaction : plan.transactions)
        for (const policy::Reason& reason : transaction.reasons)
            if (reason.code == policy::ReasonCode::kGroupNotViable) {
                cli.err << "hint: --group whole includes the group's other devices\n";
                return;
            }
}

/// The options are the daemon's too; they have been checked here.
CliResult<ExitCode> bind_through_daemon(CliContext& cli, const Arguments& arguments,
                                        const std::vector<sysfs::DeviceId>& ids,
                                        std::chrono::milliseconds timeout, policy::Plan& plan,
                                        const std::vector<std::string>& warnings) {
    const auto paths = TRY(object_paths(cli, ids));
    ChangeRequest request{.method = "Bind", .paths = paths, .options = timeout_option(timeout)};
    for (const char* option : {"driver", "group"})
        if (const auto value = arguments.one(option))
            request.options.emplace(option, *value);
    if (const auto forced = split_commas(arguments.all("force")); !forced.empty())
        request.options.emplace("force", forced);
    return execute_through_daemon(cli, request, plan, warnings);
}

CliResult<void> persist(CliContext& cli, RuleFile& file, const HostAssessment& assessment,
                        const std::vector<policy::RequestedRule>& requests) {
    for (const policy::RequestedRule& request : requests)
        file.add_or_replace(*request.rule, *assessment.inventory.find(request.device),
                            assessment.inventory);
    TRY(file.write(assessment.inventory, assessment.drivers));
    if (!cli.json())
        cli.out << "rule written to " << printable(file.path()) << "\n";
    return {};
}

}  // namespace

CliResult<ExitCode> run_bind(CliContext& cli, const Arguments& arguments) {
    cli.reason_lift = ReasonLift::kForceOption;
    const auto requested = TRY(parse_bind_options(arguments));
    ChangeCommand change = TRY(begin_change(cli, arguments, "bind"));
    auto file =
        TRY(arguments.has("persist") ? RuleFile::read(cli.options.root) : CliResult<RuleFile>());

    TRY(recover_before_change(cli, change));
    const sysfs::ScanOptions drivers = policy::required_facts(requested.driver);
    auto assessment = TRY(scan_host(cli, drivers, OnPolicyError::kFails));
    append_warnings(assessment.warnings, change.notes);
    const auto ids = TRY(resolve_devices(cli, assessment, arguments.words));
    std::vector<policy::Rule> rules;
    for (const sysfs::DeviceId& id : ids)
        rules.push_back(policy::make_bind_rule(*assessment.inventory.find(id), requested));
    std::vector<policy::RequestedRule> requests;
    for (std::size_t i = 0; i < ids.size(); ++i)
        requests.push_back({ids.at(i), &rules[i]});
    TRY(decide(cli, assessment, drivers, requests));
    make_plan(cli, assessment, UsageScan::kScan, requested.forced);
    policy::Plan plan = policy::filter_plan(assessment.take_plan(), ids);

    if (change.dry_run) {
        const ExitCode planned = print_dry_run(cli, plan, assessment.warnings);
        hint_at_group(cli, plan, requested);
        return planned;
    }
    const auto ended =
        cli.daemon == nullptr
            ? execute_and_print(cli, plan, assessment.warnings, std::move(change.options))
            : bind_through_daemon(cli, arguments, ids, change.options.timeout, plan,
                                  assessment.warnings);
    hint_at_group(cli, plan, requested);
    if (ended && *ended == ExitCode::kDone && arguments.has("persist"))
        TRY(persist(cli, file, assessment, requests));
    return ended;
}

}  // namespace vfioctl
