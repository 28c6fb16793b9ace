// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "binding/transaction/apply.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"

namespace vfioctl {

/// Carries out the assessment's plan and, when it has created VFs, plans for these and carries that
/// out too: VFs have rules of their own, and no address before they exist. All of it is printed as
/// one plan.
[[nodiscard]] CliResult<ExitCode> execute_with_new_vfs(CliContext& cli, HostAssessment& assessment,
                                                       const binding::ApplyOptions& options);

}  // namespace vfioctl
