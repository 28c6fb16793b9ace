// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/policy_review.hpp"

#include "policy/decide/policy_warnings.hpp"

namespace vfioctl {
namespace {

constexpr const char* kPackaged = "/usr/lib/bindd/policies.d";
constexpr std::size_t kMostShown = 10;

}  // namespace

std::vector<policy::Diagnostic> review_policies(const CliContext& cli,
                                                const HostAssessment& assessment) {
    if (assessment.policies.rules.empty())
        return {};
    auto warnings = policy::policy_warnings(assessment.policies, assessment.inventory,
                                            assessment.drivers, assessment.decisions);
    const std::string packaged = cli.options.root.path(kPackaged) + "/";
    std::erase_if(warnings, [&](const policy::Diagnostic& warning) {
        return warning.where.file.starts_with(packaged);
    });
    return warnings;
}

std::string sentence(const policy::Diagnostic& diagnostic) {
    std::string out = diagnostic.text + " (" + diagnostic.where.text() + ")";
    if (!diagnostic.hint.empty())
        out += "; " + diagnostic.hint;
    return out;
}

void warn_of_policies(CliContext& cli, HostAssessment& assessment) {
    const auto warnings = review_policies(cli, assessment);
    for (std::size_t at = 0; at < warnings.size() && at < kMostShown; ++at)
        warn(cli, assessment, sentence(warnings[at]));
    if (warnings.size() > kMostShown)
        warn(cli, assessment,
             std::to_string(warnings.size() - kMostShown) +
                 " more of the policies; `vfioctl policy check` shows all");
}

}  // namespace vfioctl
