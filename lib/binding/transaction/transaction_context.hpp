// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>

#include "binding/journal/journal.hpp"
#include "binding/journal/journal_state.hpp"
#include "binding/journal/state_dir.hpp"
#include "binding/transaction/apply.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace binding {

/// What a transaction works with in its worker: read-only but for the kernel and the journal.
struct TransactionContext {
    sysfs::Kernel& kernel;
    Journal& journal;
    const StateDir& state;
    const JournalState& journal_state;  ///< what was ours when the run began
    const ApplyOptions& options;
    /// Called before each write: "bind 0000:01:00.0 to vfio-pci".
    std::function<void(const std::string&)> on_step;
    /// Called with a device before it is first written to.
    std::function<void(const sysfs::Device&)> on_device;
};

}  // namespace binding
