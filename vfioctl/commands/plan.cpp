// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/plan.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

#include "binding/report/plan_report.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"
#include "vfioctl/pipeline/policy_review.hpp"
#include "vfioctl/render/plan_text.hpp"

namespace vfioctl {

namespace {

/// The plan, and the devices that are other than the policies say since someone made them so.
void print_plan(CliContext& cli, const HostAssessment& assessment) {
    nlohmann::ordered_json json = json_document();
    json.update(binding::plan_json(assessment.plan));
    std::string text;
    for (const sysfs::Device& device : assessment.inventory.devices) {
        const binding::DeviceState state = assessment.state(device);
        if (state.note.empty())
            continue;
        json["exceptions"].push_back(binding::exception_json(device.id, state));
        text += printable(device.id.display() + ": " + binding::state_text(state) + ": " +
                          state.reason.value_or("")) +
                "\n";
    }
    json["warnings"] = assessment.warnings;
    cli.out << (cli.json() ? dump(json) : text + plan_text(assessment.plan, cli.terminal));
}

}  // namespace

CliResult<ExitCode> run_plan(CliContext& cli, const Arguments& arguments) {
    auto assessment = TRY(scan_and_plan(cli, ScanExtent::kRelevant));
    warn_of_policies(cli, assessment);
    load_last_results(cli, assessment);
    print_plan(cli, assessment);
    return arguments.has("detailed-exitcode") ? detailed_exit(assessment.plan) : ExitCode::kDone;
}

}  // namespace vfioctl
