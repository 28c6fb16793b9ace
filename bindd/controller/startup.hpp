// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

/// From the start to the end of the first reconciliation.
namespace bindd {

void on_started(StepContext& step, Started input);
void on_in_use_found(StepContext& step, binding::InUseFound found);
/// The executor has named all interrupted transactions, or could not.
void on_recovery_started(StepContext& step, const base::Result<void>& result);
void on_startup_timeout(StepContext& step);
/// The first reconciliation is complete when nothing is in progress, rollbacks included, and no
/// scan is outstanding. Stuck groups do not count.
void become_ready_if_idle(StepContext& step);
void become_ready(StepContext& step);

}  // namespace bindd
