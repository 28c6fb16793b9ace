// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/unique_fd.hpp"
#include "binding/codec/messages.hpp"
#include "binding/journal/journal_state.hpp"
#include "binding/transaction/transaction_runner.hpp"
#include "sysfs/device/device.hpp"

namespace bindd {

/// The devices whose attributes a reader that does not return has open. Reading driver_override
/// waits for the device's lock, which another program's unbind may hold indefinitely. Of each
/// device only what links and names show is returned, since these need no lock.
[[nodiscard]] std::vector<sysfs::Device> devices_under_read(pid_t reader);

/// What was interrupted and is to be undone: transactions of processes that died, and of workers
/// that the kernel does not let go. Also keeps the readers that the kernel does not let go. Reports
/// by notices when devices may not be read, and when they may again.
class Recoveries {
  public:
    using Notify = std::function<void(binding::Message)>;

    Recoveries(const binding::StateDir& state, Notify notify)
        : state_(state), notify_(std::move(notify)) {}

    /// A transaction that is in flight and whose process is gone.
    void add(const binding::InFlightTransaction& flight, const Notify& notify);
    /// With the lock just taken, whatever is in flight and not ours is a dead process's: of a
    /// vfioctl that was killed, or of an earlier executor.
    void add_orphans(const binding::JournalState& journal_state);
    /// A transaction that was not done and may be in flight: it could not be put back, or the
    /// journal could not be written.
    void add_failed(const std::string& txn);
    [[nodiscard]] bool has_work() const { return !waiting_.empty(); }
    /// Begins every undo that waits.
    void begin(binding::TransactionRunner& runner);
    /// The lock cannot be taken: they are tried again later.
    void postpone(const std::string& why);
    void clear() { waiting_.clear(); }

    /// A transaction's worker was killed; the kernel may keep it.
    void on_worker_abandoned(const std::string& txn, pid_t worker);
    void on_reader_abandoned(pid_t reader);
    /// Reports readers that have ended.
    void reap_readers();
    /// Puts a transaction in the queue again when its worker has ended or its time has come.
    void retry();

    void watch(std::vector<pollfd>& fds) const;
    [[nodiscard]] std::optional<base::Clock::time_point> next_retry() const;

  private:
    /// A transaction whose worker did not come back.
    struct AbandonedWorker {
        base::UniqueFd pidfd;  ///< invalid once it has ended
        base::Clock::time_point retry;
    };
    void on_recovered(const std::string& txn, const binding::Recovery& recovery);
    void report_pending(const std::string& txn, const std::string& note);

    const binding::StateDir& state_;
    Notify notify_;
    std::map<std::string, binding::InFlightTransaction> waiting_;  ///< for an undo, by transaction
    std::map<std::string, AbandonedWorker> abandoned_;             ///< by transaction
    std::map<pid_t, base::UniqueFd> lost_readers_;                 ///< with their pidfds
};

}  // namespace bindd
