// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

/// Jobs up to their plan. Each has its groups to itself from its scan to its end, and waits until
/// they are free.
namespace bindd {

/// The groups that a request concerns, or why there is no job: kNotFound for an absent device,
/// kTimeout for a stuck one.
[[nodiscard]] base::Result<JobScope> job_scope(const ControllerState& state,
                                               const JobRequest& request);
/// Would a job of this request wait for another change of its groups?
[[nodiscard]] bool must_wait(const ControllerState& state, const JobRequest& request);
void on_job_submitted(StepContext& step, JobSubmitted input);
void on_job_cancelled(StepContext& step, const JobCancelled& input);
void start_due_jobs(StepContext& step);

using ScanDifference = base::Result<View::Difference>;
/// The full scan of an apply has ended.
void plan_apply(StepContext& step, JobId id, const ScanDifference& difference,
                JournalReading journal);
/// The scan of the devices of a bind, release or rollback has ended.
void plan_manual(StepContext& step, JobId id, const std::vector<sysfs::DeviceId>& devices,
                 const ScanDifference& difference, JournalReading journal);
void on_job_usage_known(StepContext& step, const JobUsage& usage, const base::Result<void>& known);

}  // namespace bindd
