// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <utility>
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
    /// Devices of ours that this transaction had given back, and that the host has used since: they
    /// are not taken again. Each with what uses it.
    std::vector<std::pair<sysfs::DeviceId, std::string>> left_to_host;
};

/// Undoes a transaction, last device first, by comparing the kernel with the transaction's first
/// record. State that this transaction never wrote is left alone, and nothing is taken away that is
/// in use. Idempotent, also after a crash in the middle of it.
[[nodiscard]] UndoResult undo(JournaledKernel& journaled, const InFlightTransaction& flight);

/// The same for one device of it.
[[nodiscard]] UndoResult undo_device(JournaledKernel& journaled, const InFlightTransaction& changes,
                                     const BindingSnapshot& snapshot);

}  // namespace binding
