// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/plan.hpp"

#include <nlohmann/json.hpp>

#include "vfioctl/context/json_document.hpp"
#include "vfioctl/context/option_values.hpp"
#include "vfioctl/pipeline/plan_preview.hpp"
#include "vfioctl/pipeline/plan_scope.hpp"
#include "vfioctl/render/plan_text.hpp"

namespace vfioctl {

CliResult<ExitCode> run_plan(CliContext& cli, const Arguments& arguments) {
    const auto files = arguments.all("with");
    PlanPreview preview = TRY(files.empty() ? preview_plan(cli)
                                            : preview_plan(cli, TRY(read_candidates(cli, files))));
    HostAssessment& assessment = preview.assessment;
    const PlanScope scope =
        TRY(parse_scope(cli, assessment, arguments.words, split_commas(arguments.all("rule"))));
    if (scope)
        preview.limit(*scope);
    if (const auto file = arguments.one("out"))
        TRY(write_output_file(*file, dump(saved_plan(assessment, scope))));
    show_preview(cli, preview);
    return arguments.has("detailed-exitcode") ? detailed_exit(assessment.plan) : ExitCode::kDone;
}

}  // namespace vfioctl
