// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

/// Devices that must be neither read nor changed for a while, as the executor reports.
namespace bindd {

void on_interrupted_found(StepContext& step, const InterruptedFound& input);
void on_read_hung(StepContext& step, ReadHung input);
void on_recovery_progressed(StepContext& step, RecoveryProgressed input);

}  // namespace bindd
