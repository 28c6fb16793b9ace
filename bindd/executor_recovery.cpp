// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "binding/journal.hpp"
#include "binding/wire.hpp"
#include "bindd/executor.hpp"
#include "bindd/hung_read.hpp"

/// What was interrupted and is to be undone: of processes that died, and of workers that the kernel did not let go.
namespace bindd {

using sysfs::Result;

namespace {

constexpr std::chrono::milliseconds kAtOnce{50};  ///< the kernel has just let go
constexpr std::chrono::milliseconds kAgain{1'000};

/// glibc has no wrapper for it before 2.36.
sysfs::UniqueFd open_pidfd(pid_t pid) {
    return sysfs::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

/// What a look that does not return is called, where transactions have their names.
std::string name_of(pid_t reader) {
    return "look-" + std::to_string(reader);
}

}  // namespace

/// Says what is in flight, so that nobody reads these devices, and begins to undo it.
void Executor::recover(const std::string& id) {
    const auto ledger = binding::read_ledger(tools_.state);
    if (!ledger)
        return answer(id, sysfs::propagate(ledger));
    for (const binding::InFlight& flight : ledger->in_flight)
        take_over(flight, id);
    answer(id, {});
}

void Executor::take_over(const binding::InFlight& flight, const std::string& id) {
    socket_.send(id + "\tflight\t" + binding::encode(flight.begin));
    to_recover_.emplace(flight.begin.txn, flight);
}

/// With the lock just taken, what is in flight and was not left behind by us is a dead process's: of a vfioctl that was
/// killed, or of our predecessor, begun after we had asked.
void Executor::take_over_orphans() {
    for (const binding::InFlight& flight : session_->ledger().in_flight)
        if (!left_behind_.contains(flight.begin.txn) && !to_recover_.contains(flight.begin.txn))
            take_over(flight, "0");
}

void Executor::begin_recovery(const binding::InFlight& flight) {
    const std::string txn = flight.begin.txn;
    // It may have ended since it was asked for.
    if (session_->ledger().find_in_flight(txn) == nullptr)
        return recovered(txn, {});
    session_->begin_recovery(flight, [this, txn](const binding::Recovery& recovery) {
        recovered(txn, recovery);
    });
}

void Executor::recovered(const std::string& txn, const binding::Recovery& recovery) {
    std::string note;
    for (const std::string& each : recovery.notes)
        note += (note.empty() ? "" : "; ") + each;
    if (recovery.transactions.contains(txn))
        return still_owed(txn, note);
    left_behind_.erase(txn);
    socket_.send("0\trecovered\t" + txn + "\tundone\t" + one_part(note));
}

/// It will be tried again.
void Executor::still_owed(const std::string& txn, const std::string& note) {
    if (!left_behind_.contains(txn))
        left_behind_[txn] = {0, sysfs::UniqueFd(), Clock::now() + kAgain};
    socket_.send("0\trecovered\t" + txn + "\tstuck\t" + one_part(note));
}

void Executor::left_behind(const std::string& txn, pid_t worker) {
    left_behind_[txn] = {worker, open_pidfd(worker), Clock::now() + kAgain};
}

/// It has been killed, and is gone at once unless the kernel keeps it.
void Executor::lose_reader(pid_t reader) {
    std::string said = "0\thangs\t" + name_of(reader);
    const auto devices = devices_under_read(reader);
    for (const sysfs::Device& device : devices)
        said += "\t" + binding::to_wire(device);
    lost_readers_.emplace(reader, open_pidfd(reader));
    if (!devices.empty())
        socket_.send(said);
}

void Executor::reap_readers() {
    std::erase_if(lost_readers_, [this](const auto& lost) {
        if (::waitpid(lost.first, nullptr, WNOHANG) == 0)
            return false;
        socket_.send("0\trecovered\t" + name_of(lost.first) + "\tundone\t");
        return true;
    });
}

/// When a worker that was left behind has ended, the kernel is through with what it asked.
void Executor::retry_recoveries() {
    std::vector<std::string> due;
    for (auto& [txn, left] : left_behind_) {
        if (left.pidfd.valid() && ::waitpid(left.worker, nullptr, WNOHANG) != 0) {
            left.pidfd.reset();
            left.retry = Clock::now() + kAtOnce;
        }
        if (!left.pidfd.valid() && left.retry <= Clock::now())
            due.push_back(txn);
    }
    if (due.empty())
        return;
    const auto ledger = binding::read_ledger(tools_.state);
    for (const std::string& txn : due) {
        left_behind_.erase(txn);
        const binding::InFlight* flight = ledger ? ledger->find_in_flight(txn) : nullptr;
        if (flight != nullptr)
            to_recover_.emplace(txn, *flight);
        else
            recovered(txn, {});
    }
}

}  // namespace bindd
