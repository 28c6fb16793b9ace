// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

namespace bindd {

/// Nothing else changes a claimed device or its group, or makes it vanish with its parent: a
/// transaction that would is refused as protected, whoever wants it (a request, an event, an
/// apply).
void refuse_claimed(const ControllerState& state, policy::Plan& plan);
void on_claims_changed(StepContext& step, ClaimsChanged input);

}  // namespace bindd
