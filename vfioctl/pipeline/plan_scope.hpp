// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "vfioctl/context/command.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"

namespace vfioctl {

/// The devices that a plan or an apply is limited to; absent: all.
using PlanScope = std::optional<std::vector<sysfs::DeviceId>>;

/// Of DEVICE... and --rule NAME... (the devices that these rules decide); both: those of both.
[[nodiscard]] CliResult<PlanScope> parse_scope(CliContext& cli, const HostAssessment& assessment,
                                               const std::vector<std::string>& devices,
                                               const std::vector<std::string>& rules);

/// A plan as `plan --out` keeps it: its scope, the devices as they were, and what was planned.
[[nodiscard]] nlohmann::ordered_json saved_plan(const HostAssessment& assessment,
                                                const PlanScope& scope);

/// The document in `path`; absent: it is no file with a plan, so perhaps a device's name.
[[nodiscard]] std::optional<nlohmann::ordered_json> read_saved_plan(const std::string& path);
[[nodiscard]] CliResult<PlanScope> scope_of(const nlohmann::ordered_json& saved,
                                            const std::string& path);
/// kRefused unless the same would be planned now, for the same devices in the same state.
[[nodiscard]] CliResult<void> check_unchanged(const nlohmann::ordered_json& saved,
                                              const HostAssessment& assessment,
                                              const PlanScope& scope, const std::string& path);

}  // namespace vfioctl
