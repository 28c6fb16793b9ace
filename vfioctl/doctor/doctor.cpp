// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/doctor/doctor.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text_file.hpp"
#include "policy/decide/driver_chain.hpp"
#include "vfioctl/context/command.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"
#include "vfioctl/render/table.hpp"

/// `vfioctl doctor`: every verdict is on what is in effect. What someone wrote on the kernel's
/// command line or into a firmware menu is no evidence: the kernel may ignore it, and may do the
/// same without it.
namespace vfioctl {
namespace {

constexpr std::size_t kMaxListed = 6;

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
            out += std::string(8 + width, ' ') + "mend: " + printable(result.remedy) + "\n";
    }
    return out + std::to_string(count(results, CheckVerdict::kFail)) + " failed, " +
           std::to_string(count(results, CheckVerdict::kWarn)) + " to look at, " +
           std::to_string(count(results, CheckVerdict::kOk)) + " good, " +
           std::to_string(count(results, CheckVerdict::kSkip)) + " not told here\n";
}

nlohmann::ordered_json nonempty_or_null(const std::string& text) {
    return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

std::string as_json(const CheckResults& results, const HostAssessment& assessment) {
    nlohmann::ordered_json json = json_document();
    auto& checks = json["checks"] = nlohmann::ordered_json::array();
    for (const CheckResult& result : results)
        checks.push_back({{"id", result.id},
                          {"verdict", check_verdict_name(result.verdict)},
                          {"evidence", nonempty_or_null(result.evidence)},
                          {"remedy", nonempty_or_null(result.remedy)}});
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

/// With broken policies the rest is still worth knowing, so this reads them itself and says so in a
/// result.
CliResult<HostAssessment> assess_host(CliContext& cli, policy::Parsed& policies) {
    HostAssessment assessment;
    if (policies.ok())
        assessment.policies = std::move(policies.set);
    sysfs::ScanOptions wanted = assessment.policies.required_facts();
    wanted.resets = true;
    auto inventory = cli.kernel.inventory(wanted);
    if (!inventory)
        return fail(inventory.error());
    assessment.inventory = *std::move(inventory);
    wanted.drivers.insert({"vfio-pci", "vfio-iommu-type1", "iommufd", "vfio"});
    auto drivers = cli.kernel.drivers(wanted);
    if (!drivers)
        return fail(drivers.error());
    assessment.drivers = *std::move(drivers);
    for (const auto* warnings : {&assessment.inventory.warnings, &assessment.drivers.warnings})
        assessment.warnings.insert(assessment.warnings.end(), warnings->begin(), warnings->end());
    assessment.decide();
    make_plan(cli, assessment, UsageScan::kScan);
    load_last_results(cli, assessment);
    return assessment;
}

}  // namespace

const char* check_verdict_name(CheckVerdict verdict) {
    switch (verdict) {
        case CheckVerdict::kOk:
            return "ok";
        case CheckVerdict::kWarn:
            return "warn";
        case CheckVerdict::kFail:
            return "fail";
        case CheckVerdict::kSkip:
            return "skip";
    }
    return "";
}

std::string counted(std::size_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string listed(const std::vector<std::string>& items) {
    std::string out;
    for (std::size_t at = 0; at < items.size() && at < kMaxListed; ++at)
        out += (at == 0 ? "" : "; ") + items[at];
    if (items.size() > kMaxListed)
        out += "; and " + std::to_string(items.size() - kMaxListed) + " more";
    return out;
}

std::optional<std::string> DoctorContext::text(const std::string& path) const {
    auto content = base::read_text_file(root.path(path));
    if (content)
        content->erase(content->find_last_not_of(" \t\n") + 1);
    return content;
}

const policy::Rule* DoctorContext::rule(const sysfs::DeviceId& id) const {
    const policy::Decision* decision = assessment.decision(id);
    return decision == nullptr || decision->outcome != policy::DecisionOutcome::kWanted
               ? nullptr
               : decision->rule;
}

std::vector<const sysfs::Device*> DoctorContext::assignable() const {
    std::vector<const sysfs::Device*> out;
    for (const sysfs::Device& device : assessment.inventory.devices) {
        const policy::Rule* wants = rule(device.id);
        const bool wanted = wants != nullptr && wants->driver &&
                            wants->driver->kind == policy::DriverAction::ActionKind::kChain;
        if (device.vfio || wanted)
            out.push_back(&device);
    }
    return out;
}

CliResult<ExitCode> run_doctor(CliContext& cli, const Arguments& arguments) {
    static_cast<void>(arguments);  // takes none
    policy::Parsed policies = load_policies_for(cli, {});
    const auto assessment = assess_host(cli, policies);
    if (!assessment)
        return propagate(assessment);
    const ExternalManagers external_managers = read_external_managers(cli.options.root);
    const CheckResults results =
        run_checks({cli.options.root, *assessment, policies, external_managers});
    cli.out << (cli.json() ? as_json(results, *assessment) : as_text(results, cli.terminal));
    return count(results, CheckVerdict::kFail) == 0 ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace vfioctl
