// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

/// What the executor reports without a request: devices that must be neither read nor changed for a
/// while, and warnings.
namespace bindd {

void on_notice(StepContext& step, NoticeReceived input);
/// A message of the executor was not understood.
void on_protocol_violated(StepContext& step, const base::Error& error);

}  // namespace bindd
