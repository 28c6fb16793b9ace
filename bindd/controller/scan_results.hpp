// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

namespace bindd {

/// Merges what a scan found into the view, then continues with an assessment or with its job.
void on_scan_finished(StepContext& step, ScanFinished input);

}  // namespace bindd
