// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "binding/codec/messages.hpp"
#include "binding/transaction/transaction_context.hpp"
#include "policy/plan/plan.hpp"

namespace binding {

/// Executes one transaction as a whole or not at all: begin on disk, the changes phase by phase,
/// commit on disk; on the first failure everything is undone in reverse.
[[nodiscard]] TransactionOutcome execute_transaction(TransactionContext& context,
                                                     const policy::Transaction& transaction,
                                                     const std::string& txn);

/// Undoes what the journal says of `txn` and closes it there, unless a part of the undo has to
/// wait.
[[nodiscard]] TransactionOutcome undo_transaction(TransactionContext& context,
                                                  const std::string& txn);

}  // namespace binding
