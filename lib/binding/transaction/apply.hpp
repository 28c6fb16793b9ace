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
#include "binding/journal/state_dir.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/kernel/kernel.hpp"

/// Carrying plans out. Each call holds the one writer's lock, first finishes or undoes what a
/// killed predecessor left in the journal, and leaves the journal saying what is bound by us and
/// what was there before.
namespace binding {

/// What happens while a plan is carried out, for progress lines.
struct Progress {
    std::size_t transactions_done = 0;
    std::size_t transactions_total = 0;
    std::string step;  ///< "group 15: bind 0000:01:00.0 to vfio-pci"
};

/// How far to go with each change.
enum class ApplyScope {
    kFull,
    kBootOverrides,  ///< early in the boot: only the overrides of devices that no driver has yet
};

/// Transactions that recovery could not undo a moment ago, and why: their next try may take as long
/// as the first.
using PendingUndos = std::map<std::string, std::string>;

/// How to go about it.
struct ApplyOptions {
    PendingUndos pending_undo;  ///< not tried again in this run
    ApplyScope scope = ApplyScope::kFull;
    std::chrono::milliseconds timeout{60'000};  ///< per kernel write; past it the device is stuck
    std::chrono::milliseconds lock_timeout{0};  ///< how long to wait while another process writes
    unsigned workers = 0;  ///< processes at once; 0: one per processor, at most 8
    std::function<void(const Progress&)> on_progress;
    std::string actor = "vfioctl";  ///< who, for the history
    std::string action = "apply";   ///< what, likewise: "bind", "release", "rollback"
    /// Opens a bound device as its user would and closes it again, for `check: open`. Without it
    /// such a rule fails before anything is touched.
    std::function<base::Result<void>(const sysfs::Device&)> check_open;
    /// What does not make it a failure but should be known: an unwritable history, damaged journal
    /// lines, what recovery undid, a device that is not there any more.
    std::function<void(const std::string&)> on_warning;
    /// A worker that is stuck in the kernel, killed and not waited for, with the transaction that
    /// it has in flight: when it ends, the kernel has let it go, and recovery can finish.
    std::function<void(const std::string& txn, pid_t worker)> on_worker_abandoned;
};

/// Carries out the transactions whose verdict is `change`, groups in parallel within the limits per
/// driver, and fills in every result. Transactions of other verdicts pass through untouched. An
/// error is one of the whole (lock held by another, journal unwritable); a failed transaction is a
/// result inside the plan, as one is whose group recovery had to change after it was planned.
[[nodiscard]] base::Result<policy::Plan> apply(sysfs::Kernel& kernel, const StateDir& state,
                                               policy::Plan plan, const ApplyOptions& options);

/// What a release would undo, as a plan: for devices that we bound, their driver and override as
/// they were; a whole transaction's devices together when its group was taken whole. kNotFound for
/// a device that is not bound by us.
[[nodiscard]] base::Result<policy::Plan> plan_release(sysfs::Kernel& kernel, const StateDir& state,
                                                      const sysfs::Inventory& inventory,
                                                      const std::vector<sysfs::DeviceId>& devices);

/// The same for everything one recorded transaction did; an empty id means the newest.
[[nodiscard]] base::Result<policy::Plan> plan_rollback(sysfs::Kernel& kernel, const StateDir& state,
                                                       const sysfs::Inventory& inventory,
                                                       const std::string& txn);

/// What recovery came to.
struct Recovery {
    std::vector<std::string> notes;    ///< a sentence for each transaction
    std::set<sysfs::DeviceId> undone;  ///< devices that are back as they were
    std::map<sysfs::DeviceId, std::string>
        pending_undo;                   ///< those that could not be put back yet, and why
    PendingUndos pending_transactions;  ///< those that had these in hand
};

/// Undoes what was under way when a process was killed. Nothing to do is success. To be called
/// before the host is looked at: a plan that was made from the state in between is worth nothing
/// afterwards.
[[nodiscard]] base::Result<Recovery> recover(sysfs::Kernel& kernel, const StateDir& state,
                                             const ApplyOptions& options);

}  // namespace binding
