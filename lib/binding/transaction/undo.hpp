// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/journal/journal_state.hpp"
#include "binding/transaction/journaled_kernel.hpp"

namespace binding {

/// The result of an undo. `pending`: a device could not be restored now but may be later, so the
/// transaction stays in the journal and the next run tries again: as long as the device is open or
/// /sys read-only, and three times when the kernel refuses for another reason.
struct UndoResult {
    std::vector<std::string>
        notes;  ///< what is left as it is, and why: gone, another device, foreign
    std::vector<std::string> errors;  ///< what could not be restored
    bool pending = false;
};

/// Undoes a transaction, last device first, by comparing the kernel with the transaction's first
/// record. State that this transaction never wrote is left alone. Idempotent, also after a crash in
/// the middle of it.
[[nodiscard]] UndoResult undo(JournaledKernel& journaled, const InFlightTransaction& flight);

/// The same for one device of it.
[[nodiscard]] UndoResult undo_device(JournaledKernel& journaled, const InFlightTransaction& changes,
                                     const BindingSnapshot& snapshot);

}  // namespace binding
