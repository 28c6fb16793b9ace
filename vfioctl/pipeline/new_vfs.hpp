// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "binding/transaction/apply.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"

namespace vfioctl {

/// Carries out the assessment's plan and, when it has made VFs, plans anew for these and carries
/// that out too: what becomes of a VF is said by rules of its own, and it has no address before it
/// is there. All of it is printed as one plan.
[[nodiscard]] CliResult<ExitCode> execute_with_new_vfs(CliContext& cli, HostAssessment& assessment,
                                                       const binding::ApplyOptions& options);

}  // namespace vfioctl
