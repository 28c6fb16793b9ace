// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/apply.hpp"
#include "binding/journal.hpp"
#include "binding/ledger.hpp"
#include "binding/writer.hpp"
#include "policy/plan.hpp"
#include "sysfs/kernel.hpp"

namespace binding {

/// What all transactions of one run share: read-only but for the kernel and the journal.
struct Scene {
    sysfs::Kernel& kernel;
    Journal& journal;
    const StateDir& state;
    const Ledger& ledger;  ///< what was ours when the run began
    const ApplyOptions& options;
};

/// How a transaction ended.
struct Outcome {
    policy::StepResult result = policy::StepResult::kFailed;
    std::string error;
    std::vector<policy::Step> steps;
    std::vector<std::string> notes;
};

/// Carries one transaction out, wholly or not at all: begin on disk, the changes one device after the
/// other, commit on disk; on the first failure everything back in reverse.
[[nodiscard]] Outcome carry_out(Scene& scene, const policy::Transaction& transaction,
                                const std::string& txn, const Notes& notes);

/// Undoes what the journal says of `txn` and closes it there, unless something is still owed.
[[nodiscard]] Outcome undo_recorded(Scene& scene, const std::string& txn, const Notes& notes);

}  // namespace binding
