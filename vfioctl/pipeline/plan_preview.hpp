// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <vector>

#include "vfioctl/pipeline/policy_candidate.hpp"

namespace vfioctl {

/// What apply would do, with the policies in force or with others.
struct PlanPreview {
    HostAssessment assessment;
    std::optional<std::vector<PolicyChange>> changes;            ///< of other policies
    std::map<sysfs::DeviceId, binding::DeviceState> exceptions;  ///< devices with a note

    void limit(const std::vector<sysfs::DeviceId>& devices);
};
[[nodiscard]] CliResult<PlanPreview> preview_plan(CliContext& cli);
[[nodiscard]] CliResult<PlanPreview> preview_plan(CliContext& cli, CandidatePolicies policies);

/// The difference of the policies, the devices that someone changed outside of them, the plan, and
/// what there is to warn of.
void show_preview(CliContext& cli, PlanPreview& preview);

}  // namespace vfioctl
