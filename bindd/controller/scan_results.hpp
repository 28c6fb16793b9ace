// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

namespace bindd {

/// Merge what a scan found into the view, then continue with an assessment or with its job.
void on_full_scan_finished(StepContext& step, FullScan scan, const base::Result<void>& result,
                           JournalReading journal);
void on_partial_scan_finished(StepContext& step, PartialScan scan, const base::Result<void>& result,
                              JournalReading journal);

}  // namespace bindd
