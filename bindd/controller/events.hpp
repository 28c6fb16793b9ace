// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

/// Hints from the host that something has changed.
namespace bindd {

void on_host_event(StepContext& step, const HostEvent& event);
void on_override_written(StepContext& step, const OverrideWritten& input);
/// Watches the overrides of the devices that bindd manages.
void watch_managed_overrides(StepContext& step);

}  // namespace bindd
