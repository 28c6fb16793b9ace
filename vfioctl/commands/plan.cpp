// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/plan.hpp"

#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"
#include "vfioctl/pipeline/policy_review.hpp"
#include "vfioctl/render/plan_text.hpp"

namespace vfioctl {

CliResult<ExitCode> run_plan(CliContext& cli, const Arguments& arguments) {
    auto assessment = TRY(scan_and_plan(cli, ScanExtent::kRelevant));
    warn_of_policies(cli, assessment);
    print_plan(cli, assessment.plan, assessment.warnings);
    return arguments.has("detailed-exitcode") ? detailed_exit(assessment.plan) : ExitCode::kDone;
}

}  // namespace vfioctl
