// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

namespace bindd {

/// Decides, asks who uses the devices that would change drivers, plans, and evaluates each group:
/// those that are not as wanted are changed by a job, unless something forbids it. One assessment
/// runs at a time; what happens meanwhile causes another one.
void assess(StepContext& step);
/// The usage is known, or could not be found out.
void finish_assessment(StepContext& step, const base::Result<void>& usage_known);

/// Settles what could not be evaluated because a job had its group to itself.
void assess_skipped(StepContext& step);

/// Once the whole host has been planned for: keeps the devices in use for the next boot.
void keep_devices_in_use(StepContext& step, const policy::DevicesInUse& before);
/// The next assessment tries again.
void on_udev_rules_not_written(StepContext& step, const UdevRulesNotWritten& input);

/// Observers are notified of nothing that depends on a manual change before it is saved.
void save_manual_state(StepContext& step);

}  // namespace bindd
