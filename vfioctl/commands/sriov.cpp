// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/names.hpp"
#include "vfioctl/cli/invocation.hpp"
#include "vfioctl/pipeline/bind_options.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"
#include "vfioctl/render/plan_text.hpp"

/// `vfioctl sriov DEVICE N`: how many VFs a PF has, by hand. What becomes of the VFs is for the
/// rules.
namespace vfioctl {
namespace {

constexpr std::uint64_t kMaxVfs = 0xffff;  ///< NumVFs has 16 bits

CliResult<std::uint32_t> parse_vf_count(const std::string& word) {
    const auto count = base::parse_decimal(word);
    if (!count || *count > kMaxVfs)
        return fail(ExitCode::kUsage, "sriov " + printable(word), "is no number of VFs",
                    "a number from 0 to 65535; usage: vfioctl sriov DEVICE N");
    return static_cast<std::uint32_t>(*count);
}

policy::Rule sriov_rule(const sysfs::Device& device, std::uint32_t count) {
    policy::Rule rule = policy::make_bind_rule(device, {});
    rule.name = "sriov" + rule.name.substr(rule.name.find('-'));
    rule.driver.reset();
    rule.sriov_vfs = count;
    return rule;
}

CliResult<HostAssessment> plan_vfs(CliContext& cli, const std::string& word, std::uint32_t count,
                                   policy::Rule& rule) {
    auto assessment = scan_host(cli, {}, OnPolicyError::kFails);
    if (!assessment)
        return assessment;
    const auto ids = resolve_devices(*assessment, {word});
    if (!ids)
        return propagate(ids);
    if (ids->size() != 1)
        return fail(ExitCode::kUsage, "sriov " + printable(word),
                    "it means " + std::to_string(ids->size()) + " devices", "name one");
    rule = sriov_rule(*assessment->inventory.find(ids->front()), count);
    if (auto decided = decide(cli, *assessment, {}, {{ids->front(), &rule}}); !decided)
        return propagate(decided);
    make_plan(cli, *assessment, UsageScan::kScan);
    std::erase_if(assessment->plan.transactions, [&](const policy::Transaction& transaction) {
        return transaction.devices != std::vector<sysfs::DeviceId>{ids->front()};
    });
    return assessment;
}

}  // namespace

CliResult<ExitCode> run_sriov(CliContext& cli, const Arguments& arguments) {
    binding::ApplyOptions options;
    const auto timeout = parse_timeout(arguments, options.timeout);
    if (!timeout)
        return propagate(timeout);
    options.timeout = *timeout;
    options.action = "sriov";
    const auto count = parse_vf_count(arguments.words[1]);
    if (!count)
        return propagate(count);
    const bool dry_run = arguments.has("dry-run");
    if (!dry_run)
        if (auto may = check_may_write(cli, "sriov"); !may)
            return propagate(may);
    const auto recovery =
        dry_run ? CliResult<binding::Recovery>() : recover_before_change(cli, options);
    if (!recovery)
        return propagate(recovery);
    policy::Rule rule;
    auto assessment = plan_vfs(cli, arguments.words[0], *count, rule);
    if (!assessment)
        return propagate(assessment);
    append_warnings(assessment->warnings, recovery->notes);
    if (!dry_run)
        return execute_and_print(cli, assessment->plan, assessment->warnings, std::move(options));
    print_plan(cli, assessment->plan, assessment->warnings);
    return detailed_exit(assessment->plan) == ExitCode::kRefused ? ExitCode::kRefused
                                                                 : ExitCode::kDone;
}

}  // namespace vfioctl
