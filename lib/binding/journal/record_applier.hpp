// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/journal/journal_state.hpp"

/// What each record of the journal changes in its state.
namespace binding {

void apply_record(JournalState& state, const Record& record);

/// The device as it is ours after the transaction; what was done to it before stays to be undone.
[[nodiscard]] ManagedDevice to_managed_device(const InFlightTransaction& flight,
                                              const BindingSnapshot& snapshot,
                                              const std::string& driver,
                                              std::vector<SideEffect> side_effects_before);

/// The device as it was before that transaction; nullptr: it was not ours.
[[nodiscard]] const ManagedDevice* find_replaced(const UndoableTransaction& undoable,
                                                 const sysfs::DeviceId& device);

}  // namespace binding
