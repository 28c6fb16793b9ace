// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "binding/report/device_report.hpp"
#include "policy/plan/assessment.hpp"
#include "policy/plan/devices_in_use.hpp"
#include "vfioctl/context/cli_context.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {

/// The assessment of a host as the commands make it, in the order of the pipeline: policies and
/// inventory (scan_host), drivers and decisions (decide), usage and the plan (make_plan). A command
/// goes as far along it as it needs.
struct HostAssessment : policy::Assessment {
    std::vector<std::string> warnings;  ///< a sentence each; already written to stderr
    binding::LatestHistory latest;      ///< the last result of each device
    std::map<sysfs::DeviceId, binding::DeviceState>
        reported;  ///< devices that are failed, stuck or pending, as the daemon reports them
    policy::DevicesInUse kept;  ///< left alone where they were in use in an earlier boot

    /// The device's state (bound, pending, refused, ...) and the reason for it.
    [[nodiscard]] binding::DeviceState state(const sysfs::Device& device) const;
};

/// How a command treats a policy file with errors: one that acts on policies fails with its
/// diagnostics; one that only shows devices warns and shows them as unmanaged, unless the policies
/// were given by --policy.
enum class OnPolicyError { kFails, kWarns };
/// Names the errors of policy files that the daemon has rejected.
[[nodiscard]] CliResult<void> check_daemon_policies(CliContext& cli, OnPolicyError on_error,
                                                    HostAssessment& assessment);

/// Policies and inventory.
[[nodiscard]] CliResult<HostAssessment> scan_host(CliContext& cli, const sysfs::ScanOptions& extra,
                                                  OnPolicyError on_error);
/// The inventory, for the policies that the assessment has.
[[nodiscard]] CliResult<void> scan_inventory(CliContext& cli, HostAssessment& assessment,
                                             const sysfs::ScanOptions& extra);
/// Which rule has bound which device, by the journal: before the decisions are made.
void load_bound_rules(CliContext& cli, HostAssessment& assessment);
/// What was last done to each device that is not as it is wanted, for its state: when the plan is
/// made.
void load_last_results(CliContext& cli, HostAssessment& assessment);
/// Decides for each device by the policies and these requests.
[[nodiscard]] CliResult<void> decide(CliContext& cli, HostAssessment& assessment,
                                     const sysfs::ScanOptions& extra = {},
                                     const std::vector<policy::RequestedRule>& requests = {});

/// The scan for the users of a device walks /proc; a list skips it, and so cannot detect that a
/// wanted device is in use.
enum class UsageScan { kSkip, kScan };
void make_plan(CliContext& cli, HostAssessment& assessment, UsageScan scan,
               const policy::ForcedReasons& lifted = {});

/// Removes the changes of devices that are kept from the plan, with a warning each.
void leave_devices_kept(CliContext& cli, HostAssessment& assessment);

/// kRelevant leaves out devices of buses that no rule matches, unless VFIO supports them.
enum class ScanExtent { kRelevant, kAll };

/// All three, as `plan` and `apply` need them.
[[nodiscard]] CliResult<HostAssessment> scan_and_plan(CliContext& cli, ScanExtent extent);

/// The devices that these words mean, each once, in the order given. A word that means none:
/// kNoDevice.
[[nodiscard]] CliResult<std::vector<sysfs::DeviceId>> resolve_devices(
    CliContext& cli, const HostAssessment& assessment, const std::vector<std::string>& words);

/// Adds notes that have been printed already, for JSON.
void append_warnings(std::vector<std::string>& warnings, const std::vector<std::string>& notes);

/// Prints `sentence` on stderr as a warning and keeps it for JSON.
void warn(CliContext& cli, HostAssessment& assessment, const std::string& sentence);

}  // namespace vfioctl
