// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/policy_check.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/commands/policy_show.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"
#include "vfioctl/pipeline/policy_review.hpp"
#include "vfioctl/render/counted.hpp"

namespace vfioctl {
namespace {

/// The policies on this host. Where it cannot be read (a build root), they are only parsed.
CliResult<HostAssessment> decide_here(CliContext& cli, policy::PolicySet set) {
    HostAssessment assessment;
    assessment.policies = std::move(set);
    if (assessment.policies.rules.empty())
        return assessment;
    sysfs::ScanOptions extra;
    extra.brief = true;
    TRY(scan_inventory(cli, assessment, extra));
    TRY(decide(cli, assessment));
    return assessment;
}

}  // namespace

CliResult<ExitCode> run_policy_check(CliContext& cli, const Arguments& arguments) {
    policy::Parsed parsed = load_policies_for(cli, arguments.words);
    if (!parsed.ok())
        return policy_failure(parsed);
    const policy::PolicySet set = parsed.set;
    std::vector<policy::Diagnostic> diagnostics = std::move(parsed.diagnostics);
    const auto assessment = decide_here(cli, std::move(parsed.set));
    if (assessment)
        for (policy::Diagnostic& warning : review_policies(cli, *assessment))
            diagnostics.push_back(std::move(warning));
    else
        cli.err << "vfioctl: warning: the host cannot be read, so the rules are not compared with "
                   "its devices: "
                << failure_text(assessment.error());
    if (!cli.json()) {
        cli.err << policy::render(diagnostics);
        cli.out << counted(set.files.size(), "file") << ", "
                << counted(set.variants.size(), "variant") << ", "
                << counted(set.rules.size(), "rule") << ": ok"
                << (diagnostics.empty() ? "" : ", " + counted(diagnostics.size(), "warning"))
                << "\n";
        return ExitCode::kDone;
    }
    nlohmann::ordered_json json = json_document();
    json["files"] = set.files;
    json["generation"] = set.generation;
    json["variants"] = variants_json(set);
    json["rules"] = rules_json(set);
    json["diagnostics"] = diagnostics_json(diagnostics);
    cli.out << dump(json);
    return ExitCode::kDone;
}

}  // namespace vfioctl
