// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "bindd/controller/step_context.hpp"

/// Devices that bindd manages and that were changed outside bindd. The rule says whether the change
/// is undone or only reported.
namespace bindd {

/// Logs a drift that the transaction would undo. Returns why it is not undone; empty otherwise.
[[nodiscard]] std::string check_drift(StepContext& step, GroupStatus& status,
                                      const policy::Transaction& transaction);

/// Transactions for devices that are on their driver but lost their driver_override: another driver
/// could be bound to them next.
[[nodiscard]] std::vector<policy::Transaction> restore_lost_overrides(StepContext& step);

}  // namespace bindd
