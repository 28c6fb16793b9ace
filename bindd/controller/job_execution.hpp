// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

/// A job from its plan to its end. It ends when the groups that it changed have been scanned again:
/// a caller that sees it end sees what it did.
namespace bindd {

void execute_plan(StepContext& step, QueuedJob& queued);
void on_step_started(StepContext& step, const Execution& execution, std::string text);
void on_transaction_finished(StepContext& step, Execution execution,
                             const base::Result<void>& result, JournalReading journal);
/// Ends the jobs with nothing left to wait for.
void finish_jobs(StepContext& step);
void finish_job(StepContext& step, QueuedJob& queued, Ending ending);
/// Does nothing for a job that was forgotten.
void fail_job(StepContext& step, JobId id, const base::Error& error);

}  // namespace bindd
