// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/codec/managed_device.hpp"
#include "binding/codec/messages.hpp"
#include "binding/transaction/active_transaction.hpp"
#include "binding/worker/worker_pool.hpp"
#include "sysfs/kernel/kernel.hpp"

/// What the parent concludes from a worker's job that has ended.
namespace binding {

/// The worker's answer (`line`), or what its absence means.
[[nodiscard]] TransactionOutcome to_outcome(sysfs::Kernel& kernel, ActiveTransaction& active,
                                            JobEnd how, const std::string& line);
/// `undone` is the second worker's. The steps are those of the first, as far as the journal has
/// them.
[[nodiscard]] TransactionOutcome outcome_after_worker_death(const ActiveTransaction& active,
                                                            TransactionOutcome undone);
/// The steps of a transaction whose worker did not report them, from its intents in the journal:
/// done, `unfinished` for the one that did not return, skipped.
[[nodiscard]] std::vector<policy::Step> recorded_steps(std::vector<policy::Step> planned,
                                                       const InFlightTransaction* flight,
                                                       policy::StepResult unfinished);

[[nodiscard]] HistoryEntry to_history_entry(const ActiveTransaction& ended, const std::string& txn);
[[nodiscard]] HistoryEntry to_history_entry(const InFlightTransaction& recovered,
                                            const TransactionOutcome& outcome,
                                            const std::string& actor);
[[nodiscard]] Recovery to_recovery(const InFlightTransaction& flight,
                                   const TransactionOutcome& outcome);

}  // namespace binding
