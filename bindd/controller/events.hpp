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

/// Who may have written the journal since it was last read: only our own executor, or also another
/// process (`vfioctl --direct`), whose changes count as manual.
enum class JournalChange { kOwn, kForeign };
void apply_journal(StepContext& step, JournalReading journal, JournalChange change);

void on_forget_finished(StepContext& step, const Forgetting& forgetting, JournalReading journal);

}  // namespace bindd
