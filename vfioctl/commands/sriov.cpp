// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/sriov.hpp"

#include <algorithm>

#include "sysfs/device/names.hpp"
#include "vfioctl/pipeline/bind_options.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"
#include "vfioctl/render/plan_text.hpp"

/// `vfioctl sriov DEVICE N`: sets the number of VFs of a PF. Rules decide about the VFs.
namespace vfioctl {
namespace {

constexpr std::uint64_t kMaxVfs = 0xffff;  ///< NumVFs has 16 bits

CliResult<std::uint32_t> parse_vf_count(const std::string& word) {
    const auto count = base::parse_decimal(word);
    if (!count || *count > kMaxVfs)
        return fail(ExitCode::kUsage, "sriov " + printable(word), "is not a number of VFs",
                    "a number from 0 to 65535; usage: vfioctl sriov DEVICE N");
    return static_cast<std::uint32_t>(*count);
}

CliResult<HostAssessment> plan_vfs(CliContext& cli, const std::string& word, std::uint32_t count,
                                   policy::Rule& rule) {
    HostAssessment assessment = TRY(scan_host(cli, {}, OnPolicyError::kFails));
    const auto ids = TRY(resolve_devices(cli, assessment, {word}));
    if (ids.size() != 1)
        return fail(ExitCode::kUsage, "sriov " + printable(word),
                    "it means " + std::to_string(ids.size()) + " devices", "name one");
    rule = policy::make_vfs_rule(*assessment.inventory.find(ids.front()), count);
    TRY(decide(cli, assessment, {}, {{ids.front(), &rule}}));
    make_plan(cli, assessment, UsageScan::kScan);
    std::erase_if(assessment.plan.transactions, [&](const policy::Transaction& transaction) {
        return transaction.devices != std::vector<sysfs::DeviceId>{ids.front()};
    });
    return assessment;
}

/// What the plan refuses, or has nothing to do for, needs no daemon.
CliResult<ExitCode> set_vfs_through_daemon(CliContext& cli, HostAssessment& assessment,
                                           std::uint32_t count, std::chrono::milliseconds timeout) {
    policy::Plan& plan = assessment.plan;
    const bool changes =
        std::any_of(plan.transactions.begin(), plan.transactions.end(),
                    [](const auto& each) { return each.verdict == policy::Verdict::kChange; });
    if (!changes) {
        print_plan(cli, plan, assessment.warnings);
        return applied_exit(plan);
    }
    const auto paths = TRY(object_paths(cli, {plan.transactions.front().devices.front()}));
    return execute_through_daemon(cli,
                                  {.method = "SetVfs",
                                   .object = paths.front(),
                                   .vfs = count,
                                   .options = timeout_option(timeout)},
                                  plan, assessment.warnings);
}

}  // namespace

CliResult<ExitCode> run_sriov(CliContext& cli, const Arguments& arguments) {
    cli.reason_lift = ReasonLift::kNone;
    const auto count = TRY(parse_vf_count(arguments.words[1]));
    ChangeCommand change = TRY(begin_change(cli, arguments, "sriov"));
    TRY(recover_before_change(cli, change));
    policy::Rule rule;
    auto assessment = TRY(plan_vfs(cli, arguments.words[0], count, rule));
    append_warnings(assessment.warnings, change.notes);
    if (!change.dry_run && cli.daemon != nullptr)
        return set_vfs_through_daemon(cli, assessment, count, change.options.timeout);
    if (!change.dry_run)
        return execute_and_print(cli, assessment.plan, assessment.warnings,
                                 std::move(change.options));
    return print_dry_run(cli, assessment.plan, assessment.warnings);
}

}  // namespace vfioctl
