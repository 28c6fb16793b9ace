// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

/// When the controller scans, and what: the whole host, or dirty groups once they are quiet. Scans
/// never read quarantined devices, and their results never replace those of a later scan.
namespace bindd {

/// Applies the event to the group's state machine, and does what that asks for.
void advance_group(StepContext& step, const std::string& key, GroupEvent event);
/// The device is scanned with its group.
void mark_dirty(StepContext& step, const sysfs::DeviceId& device);
/// Scans the devices of the group, and the drivers if they are stale, after a quiet time.
void schedule_scan(StepContext& step, const std::string& key);
/// Anything may have changed. A scan of the host that is under way is finished and used, and
/// another one follows: whatever happens how often, the groups are evaluated in between.
void scan_all(StepContext& step);
/// The groups have been evaluated, or the scan of the host has failed.
void finish_host_scan(StepContext& step);
void scan_due_groups(StepContext& step);
void update_scan_timer(StepContext& step);

/// The facts that the policies in force match, and those shown to callers.
[[nodiscard]] sysfs::ScanOptions wanted_facts(const ControllerState& state);
void start_full_scan(StepContext& step, ScanRequests requests, std::optional<JobId> job);
/// Scans `scan.devices`; the drivers too if they are stale.
void start_partial_scan(StepContext& step, PartialScan scan, sysfs::ScanOptions wanted);

}  // namespace bindd
