// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>

#include "bindd/controller/group_status.hpp"
#include "bindd/controller/redaction.hpp"
#include "bindd/controller/state.hpp"
#include "bindd/controller/step_context.hpp"

/// What callers and observers get to know of the state.
namespace bindd {

/// With what only the daemon knows: manual changes, drift, transactions in progress, stuck devices.
[[nodiscard]] binding::DeviceState device_state(const ControllerState& state,
                                                const sysfs::Device& device);
/// kSettled for a group that is not tracked.
[[nodiscard]] GroupState group_state(const ControllerState& state, int group);
/// Devices per state of the interface ("bound" → 3); every state is present.
[[nodiscard]] std::map<std::string, unsigned> device_counts(const ControllerState& state);
/// The JSON that vfioctl prints for the same question, without its envelope.
[[nodiscard]] base::Result<std::string> explain_json(const View& view, const sysfs::DeviceId& id,
                                                     Disclosure disclosure);

/// Notifies of all differences from the published state.
void publish(StepContext& step);

}  // namespace bindd
