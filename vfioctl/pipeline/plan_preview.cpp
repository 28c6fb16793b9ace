// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/plan_preview.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "binding/report/plan_report.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/policy_review.hpp"
#include "vfioctl/render/plan_text.hpp"

namespace vfioctl {
namespace {

PlanPreview make_preview(CliContext& cli, HostAssessment assessment,
                         std::optional<std::vector<PolicyChange>> changes) {
    PlanPreview out{std::move(assessment), std::move(changes), {}};
    load_last_results(cli, out.assessment);
    for (const sysfs::Device& device : out.assessment.inventory.devices)
        if (const auto state = out.assessment.state(device); !state.note.empty())
            out.exceptions[device.id] = state;
    return out;
}

}  // namespace

void PlanPreview::limit(const std::vector<sysfs::DeviceId>& devices) {
    assessment.plan = policy::filter_plan(assessment.take_plan(), devices);
    std::erase_if(exceptions, [&](const auto& each) {
        return std::find(devices.begin(), devices.end(), each.first) == devices.end();
    });
}

CliResult<PlanPreview> preview_plan(CliContext& cli) {
    return make_preview(cli, TRY(scan_and_plan(cli, ScanExtent::kRelevant)), {});
}

CliResult<PlanPreview> preview_plan(CliContext& cli, CandidatePolicies policies) {
    HostAssessment assessment;
    auto changes = compare_policies(policies.before, policies.after);
    assessment.policies = std::move(policies.after);
    sysfs::ScanOptions extra;
    extra.brief = true;
    extra.revisions = true;
    TRY(scan_inventory(cli, assessment, extra));
    TRY(decide(cli, assessment));
    make_plan(cli, assessment, UsageScan::kScan);
    return make_preview(cli, std::move(assessment), std::move(changes));
}

void show_preview(CliContext& cli, PlanPreview& preview) {
    HostAssessment& assessment = preview.assessment;
    warn_of_policies(cli, assessment);
    nlohmann::ordered_json json = json_document();
    json["policy_changes"] = preview.changes ? changes_json(*preview.changes) : nullptr;
    json.update(binding::plan_json(assessment.plan));
    std::string text = preview.changes ? changes_text(*preview.changes) : "";
    json["exceptions"] = nlohmann::ordered_json::array();
    for (const auto& [id, state] : preview.exceptions) {
        json["exceptions"].push_back(binding::exception_json(id, state));
        text += printable(id.display() + ": " + binding::state_line(state)) + "\n";
    }
    json["warnings"] = assessment.warnings;
    cli.out << (cli.json() ? dump(json)
                           : text + plan_text(assessment.plan, cli.terminal, cli.reason_lift));
}

}  // namespace vfioctl
