// SPDX-License-Identifier: LGPL-2.1-or-later

#include "vfioctl/context/command.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"
#include "vfioctl/render/plan_text.hpp"

namespace vfioctl {

CliResult<ExitCode> run_plan(CliContext& cli, const Arguments& arguments) {
    const auto assessment = scan_and_plan(cli, ScanExtent::kRelevant);
    if (!assessment)
        return propagate(assessment);
    print_plan(cli, assessment->plan, assessment->warnings);
    return arguments.has("detailed-exitcode") ? detailed_exit(assessment->plan) : ExitCode::kDone;
}

}  // namespace vfioctl
