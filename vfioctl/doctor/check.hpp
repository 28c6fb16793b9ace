// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/yaml/parse_policy.hpp"
#include "vfioctl/exchange/external_managers.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"

namespace vfioctl {

/// kSkip: this host does not show it, or the check does not apply to it.
enum class CheckVerdict { kOk, kWarn, kFail, kSkip };
[[nodiscard]] const char* check_verdict_name(CheckVerdict verdict);

/// The result of one check: its evidence, and how to fix it (empty when there is nothing to fix).
struct CheckResult {
    std::string id;
    CheckVerdict verdict = CheckVerdict::kSkip;
    std::string evidence;
    std::string remedy;
};
using CheckResults = std::vector<CheckResult>;

/// The host that is checked: this machine, or a directory, which has no device nodes.
struct DoctorContext {
    const sysfs::Root& root;
    const HostAssessment& assessment;
    const policy::Parsed& policies;
    const ExternalManagers& external_managers;
    std::vector<policy::Diagnostic> policy_warnings;

    /// Text of a file below the root, without trailing white space; absent: it cannot be read.
    [[nodiscard]] std::optional<std::string> text(const std::string& path) const;
    /// Devices that VFIO has, or that a rule wants for it.
    [[nodiscard]] std::vector<const sysfs::Device*> assignable() const;
    /// The rule that wants this device; null: none does.
    [[nodiscard]] const policy::Rule* rule(const sysfs::DeviceId& id) const;
};

/// "a; b; c", and of more than a few "a; b; c; and 5 more".
[[nodiscard]] std::string listed(const std::vector<std::string>& items);

}  // namespace vfioctl
