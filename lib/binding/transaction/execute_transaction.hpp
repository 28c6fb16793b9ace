// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/codec/messages.hpp"
#include "binding/journal/journal.hpp"
#include "binding/journal/journal_state.hpp"
#include "binding/transaction/apply.hpp"
#include "binding/transaction/journaled_kernel.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace binding {

/// What all transactions of one run share: read-only but for the kernel and the journal.
struct TransactionContext {
    sysfs::Kernel& kernel;
    Journal& journal;
    const StateDir& state;
    const JournalState& journal_state;  ///< what was ours when the run began
    const ApplyOptions& options;
};

/// Carries one transaction out, wholly or not at all: begin on disk, the changes one device after
/// the other, commit on disk; on the first failure everything back in reverse.
[[nodiscard]] TransactionOutcome execute_transaction(TransactionContext& context,
                                                     const policy::Transaction& transaction,
                                                     const std::string& txn,
                                                     const ProgressSink& progress);

/// Undoes what the journal says of `txn` and closes it there, unless something is still owed.
[[nodiscard]] TransactionOutcome undo_transaction(TransactionContext& context,
                                                  const std::string& txn,
                                                  const ProgressSink& progress);

}  // namespace binding
