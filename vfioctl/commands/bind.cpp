// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ostream>
#include <utility>

#include "vfioctl/cli/invocation.hpp"
#include "vfioctl/context/command.hpp"
#include "vfioctl/pipeline/bind_options.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"
#include "vfioctl/pipeline/rule_file.hpp"
#include "vfioctl/render/plan_text.hpp"

/// `vfioctl bind`: a rule made by hand for each device, above all rules but those that protect,
/// through the same decisions and the same planner as any other.
namespace vfioctl {
namespace {

/// What the reasons themselves cannot say: which option of this command would help.
void hint_at_group(CliContext& cli, const policy::Plan& plan, const policy::BindOptions& wish) {
    if (wish.group == policy::GroupSelection::SelectionKind::kWhole || cli.json())
        return;
    for (const policy::Transaction& transaction : plan.transactions)
        for (const policy::Reason& reason : transaction.reasons)
            if (reason.code == policy::ReasonCode::kGroupNotViable) {
                cli.err << "hint: --group whole takes the group's other devices along\n";
                return;
            }
}

/// The words that were checked here are the daemon's options too.
CliResult<ExitCode> bind_through_daemon(CliContext& cli, const Arguments& arguments,
                                        const std::vector<sysfs::DeviceId>& ids,
                                        std::chrono::milliseconds timeout, policy::Plan& plan,
                                        const std::vector<std::string>& warnings) {
    const auto paths = object_paths(cli, ids);
    if (!paths)
        return propagate(paths);
    ChangeRequest request{.method = "Bind", .paths = *paths, .options = timeout_option(timeout)};
    for (const char* option : {"driver", "group"})
        if (const auto value = arguments.one(option))
            request.options.emplace(option, *value);
    if (const auto forced = split_commas(arguments.all("force")); !forced.empty())
        request.options.emplace("force", forced);
    return execute_through_daemon(cli, request, plan, warnings);
}

CliResult<void> persist(CliContext& cli, RuleFile& file, std::vector<policy::Rule> rules) {
    for (policy::Rule& rule : rules)
        file.add_or_replace(std::move(rule));
    if (auto written = file.write(); !written)
        return written;
    if (!cli.json())
        cli.out << "rule written to " << printable(file.path()) << "\n";
    return {};
}

}  // namespace

CliResult<ExitCode> run_bind(CliContext& cli, const Arguments& arguments) {
    binding::ApplyOptions options;
    const auto timeout = parse_timeout(arguments, options.timeout);
    if (!timeout)
        return propagate(timeout);
    options.timeout = *timeout;
    options.action = "bind";
    const auto wish = parse_bind_options(arguments);
    if (!wish)
        return propagate(wish);
    const bool dry_run = arguments.has("dry-run");
    if (!dry_run)
        if (auto may = check_may_write(cli, "bind"); !may)
            return propagate(may);
    auto file = arguments.has("persist") ? RuleFile::read(cli.options.root) : CliResult<RuleFile>();
    if (!file)
        return propagate(file);

    const auto recovery =
        dry_run ? CliResult<binding::Recovery>() : recover_before_change(cli, options);
    if (!recovery)
        return propagate(recovery);
    const sysfs::ScanOptions drivers = policy::required_facts(wish->driver);
    auto assessment = scan_host(cli, drivers, OnPolicyError::kFails);
    if (!assessment)
        return propagate(assessment);
    append_warnings(assessment->warnings, recovery->notes);
    const auto ids = resolve_devices(*assessment, arguments.words);
    if (!ids)
        return propagate(ids);
    std::vector<policy::Rule> rules;
    for (const sysfs::DeviceId& id : *ids)
        rules.push_back(policy::make_bind_rule(*assessment->inventory.find(id), *wish));
    std::vector<policy::RequestedRule> requests;
    for (std::size_t i = 0; i < ids->size(); ++i)
        requests.push_back({ids->at(i), &rules[i]});
    if (auto decided = decide(cli, *assessment, drivers, requests); !decided)
        return propagate(decided);
    make_plan(cli, *assessment, UsageScan::kScan, wish->forced);
    policy::Plan plan = policy::filter_plan(assessment->take_plan(), *ids);

    if (dry_run) {
        print_plan(cli, plan, assessment->warnings);
        hint_at_group(cli, plan, *wish);
        return detailed_exit(plan) == ExitCode::kRefused ? ExitCode::kRefused : ExitCode::kDone;
    }
    const auto ended = cli.daemon == nullptr
                           ? execute_and_print(cli, plan, assessment->warnings, std::move(options))
                           : bind_through_daemon(cli, arguments, *ids, options.timeout, plan,
                                                 assessment->warnings);
    hint_at_group(cli, plan, *wish);
    if (ended && *ended == ExitCode::kDone && arguments.has("persist"))
        if (auto persisted = persist(cli, *file, std::move(rules)); !persisted)
            return propagate(persisted);
    return ended;
}

}  // namespace vfioctl
