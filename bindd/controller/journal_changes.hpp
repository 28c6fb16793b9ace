// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

namespace bindd {

/// Who may have written the journal since it was last read: only our own executor, or also another
/// process (`vfioctl --direct`), whose changes count as manual.
enum class JournalChange { kOwn, kForeign };
void apply_journal(StepContext& step, JournalReading journal, JournalChange change);

void on_forget_finished(StepContext& step, ForgetFinished input);

}  // namespace bindd
