// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "binding/codec/managed_device.hpp"
#include "binding/journal/journal_reader.hpp"
#include "binding/journal/state_dir.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/kernel/kernel.hpp"

/// Plans are applied here. Each call holds the one writer's lock, first undoes what a killed
/// process left in the journal, and records what is bound by us and what was there before.
namespace binding {

/// The progress of a plan that is being applied.
struct Progress {
    std::size_t transactions_done = 0;
    std::size_t transactions_total = 0;
    std::string step;  ///< "group 15: bind 0000:01:00.0 to vfio-pci"
};

/// How much of each change is made.
enum class ApplyScope {
    kFull,
    kBootOverrides,  ///< early in the boot: only the overrides of devices that no driver has yet
};

/// Transactions that recovery could not undo yet, and why. Another try may take as long as the
/// first.
using PendingUndos = std::map<std::string, std::string>;

/// How a plan is applied.
struct ApplyOptions {
    PendingUndos pending_undo;  ///< not tried again in this run
    ApplyScope scope = ApplyScope::kFull;
    std::chrono::milliseconds timeout{60'000};  ///< per kernel write; past it the device is stuck
    std::chrono::milliseconds lock_timeout{0};  ///< how long to wait for the lock
    unsigned workers = 0;  ///< processes at once; 0: one per processor, at most 8
    std::function<void(const Progress&)> on_progress;
    std::string actor = "vfioctl";  ///< who, for the history
    std::string action = "apply";   ///< what, likewise: "bind", "release", "rollback"
    /// Opens a bound device as its user would and closes it again, for `check: open`. Without it
    /// such a rule fails before anything is touched.
    std::function<base::Result<void>(const sysfs::Device&)> check_open;
    /// Called with each change of a device that is there, and the journal's record of the device if
    /// there is one, before anything is written: an error fails the transaction. For a caller that
    /// executes plans of others.
    std::function<base::Result<void>(const policy::Change&, const ManagedDevice*)> check_change;
    /// Reads the journal for who opens it often: what it has read is not replayed again.
    JournalReader* journal_reader = nullptr;
    /// Called for what is no failure but should be known: an unwritable history, damaged journal
    /// lines, what recovery undid, a device that went away.
    std::function<void(const std::string&)> on_warning;
    /// Called with a worker that is stuck in the kernel, killed and not waited for, and its
    /// transaction. When the worker ends, the kernel has released it, and recovery can finish.
    std::function<void(const std::string& txn, pid_t worker)> on_worker_abandoned;
};

/// Executes the transactions whose verdict is `change`, groups in parallel within the limits per
/// driver, and fills in every result. Transactions of other verdicts pass through untouched. An
/// error is one of the whole (lock held by another, journal unwritable); a failed transaction is a
/// result inside the plan, as one is whose group recovery had to change after it was planned.
[[nodiscard]] base::Result<policy::Plan> apply(sysfs::Kernel& kernel, const StateDir& state,
                                               policy::Plan plan, const ApplyOptions& options);

/// The result of a recovery.
struct Recovery {
    std::vector<std::string> notes;    ///< a sentence for each transaction
    std::set<sysfs::DeviceId> undone;  ///< devices that are back as they were
    std::map<sysfs::DeviceId, std::string>
        pending_undo;                   ///< devices that could not be restored yet, and why
    PendingUndos pending_transactions;  ///< the transactions of these devices
};

/// Undoes what was in flight when a process was killed. Nothing to do is success. To be called
/// before the host is scanned: a plan made from the state in between is stale afterwards.
[[nodiscard]] base::Result<Recovery> recover(sysfs::Kernel& kernel, const StateDir& state,
                                             const ApplyOptions& options);

}  // namespace binding
