// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/doctor/doctor.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/try.hpp"
#include "binding/codec/json.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/doctor/device_checks.hpp"
#include "vfioctl/doctor/external_manager_checks.hpp"
#include "vfioctl/doctor/iommu_checks.hpp"
#include "vfioctl/doctor/isolation_checks.hpp"
#include "vfioctl/doctor/kernel_checks.hpp"
#include "vfioctl/doctor/limit_checks.hpp"
#include "vfioctl/doctor/node_checks.hpp"
#include "vfioctl/doctor/policy_checks.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"
#include "vfioctl/pipeline/policy_review.hpp"
#include "vfioctl/render/counted.hpp"
#include "vfioctl/render/table.hpp"

/// `vfioctl doctor`: every verdict is about what is in effect. A kernel command line or a firmware
/// setting is no evidence: the kernel may ignore it, or do the same without it.
namespace vfioctl {
namespace {

TextStyle verdict_style(CheckVerdict verdict) {
    switch (verdict) {
        case CheckVerdict::kOk:
            return TextStyle::kGood;
        case CheckVerdict::kWarn:
            return TextStyle::kChange;
        case CheckVerdict::kFail:
            return TextStyle::kBad;
        case CheckVerdict::kSkip:
            return TextStyle::kFaint;
    }
    return TextStyle::kNone;
}

std::size_t count(const CheckResults& results, CheckVerdict verdict) {
    return static_cast<std::size_t>(
        std::count_if(results.begin(), results.end(),
                      [&](const CheckResult& result) { return result.verdict == verdict; }));
}

std::string as_text(const CheckResults& results, const Terminal& terminal) {
    std::size_t width = 0;
    for (const CheckResult& result : results)
        width = std::max(width, result.id.size());
    std::string out;
    for (const CheckResult& result : results) {
        const std::string verdict = check_verdict_name(result.verdict);
        out += styled(verdict, verdict_style(result.verdict), terminal) +
               std::string(6 - verdict.size(), ' ') + result.id +
               std::string(width + 2 - result.id.size(), ' ') + printable(result.evidence) + "\n";
        if (!result.remedy.empty())
            out += std::string(8 + width, ' ') + "fix: " + printable(result.remedy) + "\n";
    }
    return out + std::to_string(count(results, CheckVerdict::kFail)) + " failed, " +
           counted(count(results, CheckVerdict::kWarn), "warning") + ", " +
           std::to_string(count(results, CheckVerdict::kOk)) + " ok, " +
           std::to_string(count(results, CheckVerdict::kSkip)) + " skipped\n";
}

std::string as_json(const CheckResults& results, const HostAssessment& assessment) {
    nlohmann::ordered_json json = json_document();
    auto& checks = json["checks"] = nlohmann::ordered_json::array();
    for (const CheckResult& result : results)
        checks.push_back({{"id", result.id},
                          {"verdict", check_verdict_name(result.verdict)},
                          {"evidence", binding::text_or_null(result.evidence)},
                          {"remedy", binding::text_or_null(result.remedy)}});
    auto& summary = json["summary"] = nlohmann::ordered_json::object();
    for (const CheckVerdict verdict :
         {CheckVerdict::kOk, CheckVerdict::kWarn, CheckVerdict::kFail, CheckVerdict::kSkip})
        summary[check_verdict_name(verdict)] = count(results, verdict);
    json["warnings"] = assessment.warnings;
    return dump(json);
}

CheckResults run_checks(const DoctorContext& context) {
    CheckResults results;
    for (const auto part : {check_iommu, check_isolation, check_kernel, check_limits, check_nodes,
                            check_policies, check_devices, check_external_managers})
        part(context, results);
    return results;
}

/// Broken policies must not hide the other results, so this reads them itself and reports them as a
/// result.
CliResult<HostAssessment> assess_host(CliContext& cli, policy::Parsed& policies) {
    HostAssessment assessment;
    if (policies.ok())
        assessment.policies = std::move(policies.set);
    sysfs::ScanOptions wanted = assessment.policies.required_facts();
    wanted.resets = true;
    assessment.inventory = TRY(to_cli(cli.kernel.inventory(wanted)));
    wanted.drivers.insert({"vfio-pci", "vfio-iommu-type1", "iommufd", "vfio"});
    assessment.drivers = TRY(to_cli(cli.kernel.drivers(wanted)));
    for (const auto* warnings : {&assessment.inventory.warnings, &assessment.drivers.warnings})
        assessment.warnings.insert(assessment.warnings.end(), warnings->begin(), warnings->end());
    load_bound_rules(cli, assessment);
    assessment.decide();
    make_plan(cli, assessment, UsageScan::kScan);
    load_last_results(cli, assessment);
    return assessment;
}

}  // namespace

CliResult<ExitCode> run_doctor(CliContext& cli, const Arguments& /*arguments*/) {
    policy::Parsed policies = load_policies_for(cli, {});
    const auto assessment = TRY(assess_host(cli, policies));
    const ExternalManagers external_managers = read_external_managers(cli.options.root);
    const CheckResults results = run_checks({cli.options.root, assessment, policies,
                                             external_managers, review_policies(cli, assessment)});
    cli.out << (cli.json() ? as_json(results, assessment) : as_text(results, cli.terminal));
    return count(results, CheckVerdict::kFail) == 0 ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace vfioctl
