// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "binding/journal/journal_state.hpp"
#include "binding/transaction/apply.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/inventory.hpp"

namespace binding {

using EndedCallback = std::function<void(const std::string& txn, const policy::Transaction&)>;
using RecoveredCallback = std::function<void(const Recovery&)>;

/// What the parent knows of a transaction while a worker executes or undoes it.
struct ActiveTransaction {
    policy::Transaction transaction;  ///< as planned; with results at the end
    ApplyOptions options;
    EndedCallback ended;
    std::optional<InFlightTransaction> flight;  ///< to be undone by recovery
    RecoveredCallback recovered;
    std::string last_step;            ///< the last one that the worker reported
    sysfs::Inventory seen;            ///< its devices as they were before the first write
    std::string worker_death;         ///< of the first worker; a second one then undoes
    std::vector<policy::Step> steps;  ///< how far the first worker came
    std::string error;                ///< of an undo that is still pending
};

}  // namespace binding
