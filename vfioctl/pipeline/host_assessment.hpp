// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "binding/report/device_report.hpp"
#include "policy/plan/plan.hpp"
#include "vfioctl/context/cli_context.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {

/// One look at a host and what follows from it, in the order of the pipeline: policies and
/// inventory (scan_host), drivers and decisions (decide), who uses what, and the plan (make_plan).
/// Commands go as far along it as they need. Decisions point into `policies`: moved as a whole,
/// never copied.
struct HostAssessment {
    HostAssessment() = default;
    HostAssessment(HostAssessment&&) = default;
    HostAssessment& operator=(HostAssessment&&) = default;
    HostAssessment(const HostAssessment&) = delete;
    HostAssessment& operator=(const HostAssessment&) = delete;
    ~HostAssessment() = default;

    policy::PolicySet policies;
    sysfs::Inventory inventory;
    sysfs::Drivers drivers;
    policy::Decisions decisions;
    sysfs::Usage usage;
    policy::Plan plan;
    std::vector<std::string> warnings;  ///< each a sentence, said once on stderr already
    std::map<sysfs::DeviceId, std::size_t>
        transaction_index;          ///< index into the plan, by make_plan
    binding::LatestHistory latest;  ///< what was last done to a device
    std::map<sysfs::DeviceId, binding::DeviceState>
        reported;  ///< of failed and stuck ones, by the daemon

    [[nodiscard]] const policy::Decision* decision(const sysfs::DeviceId& id) const;
    [[nodiscard]] const policy::Transaction* transaction(const sysfs::DeviceId& id) const;
    /// Where the device stands: bound, pending, refused, ... and why.
    [[nodiscard]] binding::DeviceState state(const sysfs::Device& device) const;
};

/// What a bad policy file means: a command that acts on policies fails with its diagnostics; one
/// that only shows devices says so and shows them as unmanaged, unless the user named the policies
/// himself.
enum class OnPolicyError { kFails, kWarns };

/// Policies and inventory.
[[nodiscard]] CliResult<HostAssessment> scan_host(CliContext& cli, const sysfs::ScanOptions& extra,
                                                  OnPolicyError on_error);
/// What was last done to each device that is not as it is wanted, for its state: when the plan is
/// made.
void load_last_results(CliContext& cli, HostAssessment& assessment);
/// What the policies and these requests say of each device.
[[nodiscard]] CliResult<void> decide(CliContext& cli, HostAssessment& assessment,
                                     const sysfs::ScanOptions& extra = {},
                                     const std::vector<policy::RequestedRule>& requests = {});

/// Looking who uses a device walks /proc; a list does without and so cannot tell that a device
/// which is wanted is in use.
enum class UsageScan { kSkip, kScan };
void make_plan(CliContext& cli, HostAssessment& assessment, UsageScan scan,
               const policy::ForcedReasons& lifted = {});

/// A brief look leaves out what no plan asks for: devices of buses that no rule speaks of, unless
/// VFIO could have them.
enum class ScanExtent { kRelevant, kAll };

/// All three, as `plan` and `apply` need them.
[[nodiscard]] CliResult<HostAssessment> scan_and_plan(CliContext& cli, ScanExtent extent);

/// The devices that these words mean, each once, in the order given. A word that means none:
/// kNoDevice.
[[nodiscard]] CliResult<std::vector<sysfs::DeviceId>> resolve_devices(
    const HostAssessment& assessment, const std::vector<std::string>& words);

/// Notes that have been said already, for JSON.
void append_warnings(std::vector<std::string>& warnings, const std::vector<std::string>& notes);

/// Says `sentence` on stderr as a warning and remembers it for JSON.
void warn(CliContext& cli, HostAssessment& assessment, const std::string& sentence);

}  // namespace vfioctl
