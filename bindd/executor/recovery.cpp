// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bindd/executor/executor.hpp"
#include "bindd/executor/hung_read.hpp"
#include "binding/journal/journal.hpp"

/// What was interrupted and is to be undone: of processes that died, and of workers that the kernel
/// did not let go.
namespace bindd {

using base::Result;

namespace {

constexpr std::chrono::milliseconds kRetrySoon{50};  ///< the kernel has just let go
constexpr std::chrono::milliseconds kRetryLater{1'000};

/// glibc has no wrapper for it before 2.36.
base::UniqueFd open_pidfd(pid_t pid) {
    return base::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

/// What a look that does not return is called, where transactions have their names.
std::string scan_name(pid_t reader) {
    return "look-" + std::to_string(reader);
}

}  // namespace

/// Says what is in flight, so that nobody reads these devices, and begins to undo it.
void Executor::recover(std::uint64_t id) {
    const auto ledger = binding::read_journal(deps_.state);
    if (!ledger)
        return reply(id, base::propagate(ledger));
    for (const binding::InFlightTransaction& flight : ledger->in_flight)
        adopt(flight, id);
    reply(id, {});
}

void Executor::adopt(const binding::InFlightTransaction& flight, std::uint64_t id) {
    send(id, binding::TransactionInterrupted{flight.begin});
    to_recover_.emplace(flight.begin.txn, flight);
}

/// With the lock just taken, what is in flight and was not left behind by us is a dead process's:
/// of a vfioctl that was killed, or of our predecessor, begun after we had asked.
void Executor::adopt_orphans() {
    for (const binding::InFlightTransaction& flight : session_->journal_state().in_flight)
        if (!abandoned_.contains(flight.begin.txn) && !to_recover_.contains(flight.begin.txn))
            adopt(flight, 0);
}

void Executor::begin_recovery(const binding::InFlightTransaction& flight) {
    const std::string txn = flight.begin.txn;
    // It may have ended since it was asked for.
    if (session_->journal_state().find_in_flight(txn) == nullptr)
        return on_recovered(txn, {});
    session_->begin_recovery(
        flight, [this, txn](const binding::Recovery& recovery) { on_recovered(txn, recovery); });
}

void Executor::on_recovered(const std::string& txn, const binding::Recovery& recovery) {
    std::string note;
    for (const std::string& each : recovery.notes)
        note += (note.empty() ? "" : "; ") + each;
    if (recovery.pending_transactions.contains(txn))
        return report_pending_undo(txn, note);
    abandoned_.erase(txn);
    notify(binding::RecoveryEnded{txn, binding::RecoveryResult::kUndone, note});
}

/// It will be tried again.
void Executor::report_pending_undo(const std::string& txn, const std::string& note) {
    if (!abandoned_.contains(txn))
        abandoned_[txn] = {0, base::UniqueFd(), Clock::now() + kRetryLater};
    notify(binding::RecoveryEnded{txn, binding::RecoveryResult::kPending, note});
}

void Executor::on_worker_abandoned(const std::string& txn, pid_t worker) {
    abandoned_[txn] = {worker, open_pidfd(worker), Clock::now() + kRetryLater};
}

/// It has been killed, and is gone at once unless the kernel keeps it.
void Executor::on_reader_lost(pid_t reader) {
    auto devices = devices_under_read(reader);
    lost_readers_.emplace(reader, open_pidfd(reader));
    if (!devices.empty())
        notify(binding::ReadStuck{scan_name(reader), std::move(devices)});
}

void Executor::reap_readers() {
    std::erase_if(lost_readers_, [this](const auto& lost) {
        if (::waitpid(lost.first, nullptr, WNOHANG) == 0)
            return false;
        notify(binding::RecoveryEnded{scan_name(lost.first), binding::RecoveryResult::kUndone, {}});
        return true;
    });
}

/// When a worker that was left behind has ended, the kernel is through with what it asked.
void Executor::retry_recoveries() {
    std::vector<std::string> due;
    for (auto& [txn, left] : abandoned_) {
        if (left.pidfd.valid() && ::waitpid(left.worker, nullptr, WNOHANG) != 0) {
            left.pidfd.reset();
            left.retry = Clock::now() + kRetrySoon;
        }
        if (!left.pidfd.valid() && left.retry <= Clock::now())
            due.push_back(txn);
    }
    if (due.empty())
        return;
    const auto ledger = binding::read_journal(deps_.state);
    for (const std::string& txn : due) {
        abandoned_.erase(txn);
        const binding::InFlightTransaction* flight = ledger ? ledger->find_in_flight(txn) : nullptr;
        if (flight != nullptr)
            to_recover_.emplace(txn, *flight);
        else
            on_recovered(txn, {});
    }
}

}  // namespace bindd
