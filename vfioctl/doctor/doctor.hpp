// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/yaml/parse_policy.hpp"
#include "vfioctl/exchange/external_managers.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"

namespace vfioctl {

/// kSkip: it cannot be told on this host, or there is nothing to tell.
enum class CheckVerdict { kOk, kWarn, kFail, kSkip };
[[nodiscard]] const char* check_verdict_name(CheckVerdict verdict);

/// One thing that was looked at: how it stands, what shows it, and what would mend it (empty when
/// nothing is to be mended).
struct CheckResult {
    std::string id;
    CheckVerdict verdict = CheckVerdict::kSkip;
    std::string evidence;
    std::string remedy;
};

/// Whose modes and limits are told: this machine's, or a directory's, which has no device nodes.
struct DoctorContext {
    const sysfs::Root& root;
    const HostAssessment& assessment;
    const policy::Parsed& policies;
    const ExternalManagers& external_managers;

    /// Text of a file below the root, without white space at its end; absent: it cannot be read.
    [[nodiscard]] std::optional<std::string> text(const std::string& path) const;
    /// Devices that VFIO has, or that a rule wants for it.
    [[nodiscard]] std::vector<const sysfs::Device*> assignable() const;
    [[nodiscard]] const policy::Rule* rule(const sysfs::DeviceId& id) const;
};

/// Each part of the examination adds its results, always the same ones in the same order.
using CheckResults = std::vector<CheckResult>;
void check_iommu(const DoctorContext& context, CheckResults& results);
void check_isolation(const DoctorContext& context, CheckResults& results);
void check_kernel(const DoctorContext& context, CheckResults& results);
void check_limits(const DoctorContext& context, CheckResults& results);
void check_nodes(const DoctorContext& context, CheckResults& results);
void check_policies(const DoctorContext& context, CheckResults& results);
void check_devices(const DoctorContext& context, CheckResults& results);
void check_external_managers(const DoctorContext& context, CheckResults& results);

/// "1 rule", "2 rules".
[[nodiscard]] std::string counted(std::size_t count, const std::string& what);
/// "a; b; c", and of more than a few "a; b; c; and 5 more".
[[nodiscard]] std::string listed(const std::vector<std::string>& items);

}  // namespace vfioctl
