// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "vfioctl/pipeline/host_assessment.hpp"

namespace vfioctl {

/// What in the policies has no effect on this host (policy::policy_warnings()), of an assessment
/// with decisions. Files below /usr/lib are left out: packages write them for many hosts.
[[nodiscard]] std::vector<policy::Diagnostic> review_policies(const CliContext& cli,
                                                              const HostAssessment& assessment);

/// "rule 'x' matches no device here (/etc/bindd/policies.d/10.yaml:3)".
[[nodiscard]] std::string sentence(const policy::Diagnostic& diagnostic);

/// Prints them as warnings of a command that acts on the policies; of many, the first ones.
void warn_of_policies(CliContext& cli, HostAssessment& assessment);

}  // namespace vfioctl
