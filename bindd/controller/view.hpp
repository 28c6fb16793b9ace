// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "binding/codec/host_context.hpp"
#include "binding/journal/journal_state.hpp"
#include "binding/report/device_report.hpp"
#include "policy/plan/assessment.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "sysfs/usage/usage.hpp"

namespace bindd {

/// The daemon's state of the host as of the last scan: the assessment, the policies' files, the
/// journal and the history. A value without I/O; it moves but is never copied.
struct View : policy::Assessment {
    std::vector<policy::SourceFile> sources;  ///< of the policies, as they were read
    binding::JournalState journal_state;      ///< the devices that bindd manages
    binding::LatestHistory latest;            ///< the last result of each device
    std::string policy_error;  ///< of the files as they are now, rendered; empty: they are in force
    std::vector<std::string> warnings;  ///< of the last full scan, a sentence each

    /// Sets `decisions`; devices that the journal has of a rule stay with it.
    void decide();

    /// The same as `vfioctl list` shows without a daemon.
    [[nodiscard]] binding::DeviceState state(const sysfs::Device& device) const;

    /// The result of a scan: of the whole host, or of some devices. A device in `asked` that was
    /// not found has vanished.
    struct ScanResult {
        std::vector<sysfs::Device> devices;
        binding::HostContext context;
        std::optional<sysfs::Drivers> drivers;
    };
    struct Difference {
        std::set<sysfs::DeviceId> appeared;
        std::set<sysfs::DeviceId> changed;
        std::set<sysfs::DeviceId> vanished;
    };
    /// `kept`: devices that the scan left out.
    Difference apply_full_scan(ScanResult scan, const std::set<sysfs::DeviceId>& kept);
    Difference apply_partial_scan(ScanResult scan, const std::vector<sysfs::DeviceId>& asked);
};

}  // namespace bindd
