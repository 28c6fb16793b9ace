// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/recoveries.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/abandonable_process.hpp"
#include "base/dir.hpp"
#include "base/join.hpp"
#include "base/path.hpp"
#include "binding/journal/journal.hpp"
#include "sysfs/device/names.hpp"

namespace bindd {
namespace {

using base::Dir;
using sysfs::Device;

constexpr std::string_view kDevices = "/sys/devices/";

/// The attributes that any of its threads has open: the first thread may have ended already, and
/// then shows none.
std::set<std::string> open_attributes(pid_t reader) {
    std::set<std::string> files;
    const auto tasks = Dir::open("/proc/" + std::to_string(reader) + "/task");
    const auto threads = tasks ? tasks->entries() : base::propagate(tasks);
    if (!threads)
        return files;
    for (const std::string& thread : *threads) {
        const auto fds = tasks->sub(thread + "/fd");
        const auto numbers = fds ? fds->entries() : base::propagate(fds);
        if (!numbers)
            continue;
        for (const std::string& number : *numbers) {
            const auto path = fds->link(number);
            struct stat status {};
            if (path && path->starts_with(kDevices) &&
                ::fstatat(fds->fd(), number.c_str(), &status, 0) == 0 && S_ISREG(status.st_mode))
                files.insert(*path);
        }
    }
    return files;
}

/// The nearest directory above that is a device of a bus.
std::optional<Device> find_device(std::string path) {
    for (std::size_t slash = path.rfind('/'); slash > kDevices.size(); slash = path.rfind('/')) {
        path.resize(slash);
        const auto directory = Dir::open(path);
        const auto bus = directory ? directory->link_name("subsystem") : std::nullopt;
        const std::string name = base::base_name(path);
        if (!bus || !Dir::open("/sys/bus/" + *bus + "/devices/" + name))
            continue;
        Device device;
        device.id = {*bus, name};
        device.syspath = path;
        device.driver = directory->link_name("driver");
        device.has_override = directory->has("driver_override");
        if (const auto group =
                base::parse_decimal(directory->link_name("iommu_group").value_or("")))
            device.iommu_group = static_cast<int>(*group);
        return device;
    }
    return std::nullopt;
}

using binding::RecoveryEnded;
using binding::RecoveryResult;

constexpr std::chrono::milliseconds kRetrySoon{50};  ///< the kernel has just let go
constexpr std::chrono::milliseconds kRetryLater{1'000};

/// glibc has no wrapper for it before 2.36.
base::UniqueFd open_pidfd(pid_t pid) {
    return base::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

/// The name of a read that does not return, in the place of a transaction's.
std::string scan_name(pid_t reader) {
    return "look-" + std::to_string(reader);
}

}  // namespace

std::vector<Device> devices_under_read(pid_t reader) {
    std::vector<Device> devices;
    for (const std::string& file : open_attributes(reader))
        if (auto device = find_device(file))
            if (std::none_of(devices.begin(), devices.end(),
                             [&](const Device& other) { return other.id == device->id; }))
                devices.push_back(*std::move(device));
    return devices;
}

void Recoveries::add(const binding::InFlightTransaction& flight, const Notify& notify) {
    notify(binding::TransactionInterrupted{flight.begin});
    waiting_.emplace(flight.begin.txn, flight);
}

void Recoveries::add_orphans(const binding::JournalState& journal_state) {
    for (const binding::InFlightTransaction& flight : journal_state.in_flight)
        if (!abandoned_.contains(flight.begin.txn) && !waiting_.contains(flight.begin.txn))
            add(flight, notify_);
}

void Recoveries::add_failed(const std::string& txn) {
    if (!abandoned_.contains(txn))
        abandoned_[txn] = {base::UniqueFd(), base::Clock::now() + kRetryLater};
}

void Recoveries::begin(binding::TransactionRunner& runner) {
    for (const auto& [txn, flight] : std::exchange(waiting_, {}))
        // It may have ended since it was added.
        if (runner.journal_state().find_in_flight(txn) == nullptr)
            on_recovered(txn, {});
        else
            runner.begin_recovery(flight, [this, name = txn](const binding::Recovery& recovery) {
                on_recovered(name, recovery);
            });
}

void Recoveries::postpone(const std::string& why) {
    for (const auto& [txn, flight] : std::exchange(waiting_, {}))
        report_pending(txn, why);
}

void Recoveries::on_recovered(const std::string& txn, const binding::Recovery& recovery) {
    const std::string note = base::join(recovery.notes, "; ");
    if (recovery.pending_transactions.contains(txn))
        return report_pending(txn, note);
    abandoned_.erase(txn);
    notify_(RecoveryEnded{txn, RecoveryResult::kUndone, note});
}

/// It will be tried again.
void Recoveries::report_pending(const std::string& txn, const std::string& note) {
    add_failed(txn);
    notify_(RecoveryEnded{txn, RecoveryResult::kPending, note});
}

void Recoveries::on_worker_abandoned(const std::string& txn, pid_t worker) {
    abandoned_[txn] = {open_pidfd(worker), base::Clock::now() + kRetryLater};
}

/// It has been killed, and ends at once unless the kernel keeps it.
void Recoveries::on_reader_abandoned(pid_t reader) {
    auto devices = devices_under_read(reader);
    lost_readers_.emplace(reader, open_pidfd(reader));
    if (!devices.empty())
        notify_(binding::ReadStuck{scan_name(reader), std::move(devices)});
}

void Recoveries::reap_readers() {
    std::erase_if(lost_readers_, [this](const auto& lost) {
        if (!base::has_ended(lost.second))
            return false;
        notify_(RecoveryEnded{scan_name(lost.first), RecoveryResult::kUndone, {}});
        return true;
    });
}

/// When an abandoned worker has ended, the kernel is through with its write.
void Recoveries::retry() {
    std::vector<std::string> due;
    for (auto& [txn, left] : abandoned_) {
        if (left.pidfd.valid() && base::has_ended(left.pidfd)) {
            left.pidfd.reset();
            left.retry = base::Clock::now() + kRetrySoon;
        }
        if (!left.pidfd.valid() && left.retry <= base::Clock::now())
            due.push_back(txn);
    }
    if (due.empty())
        return;
    const auto journal_state = binding::read_journal(state_);
    for (const std::string& txn : due) {
        abandoned_.erase(txn);
        const binding::InFlightTransaction* flight =
            journal_state ? journal_state->find_in_flight(txn) : nullptr;
        if (flight != nullptr)
            waiting_.emplace(txn, *flight);
        else
            on_recovered(txn, {});
    }
}

void Recoveries::watch(std::vector<pollfd>& fds) const {
    for (const auto& [txn, left] : abandoned_)
        if (left.pidfd.valid())
            fds.push_back({left.pidfd.get(), POLLIN, 0});
    for (const auto& [reader, pidfd] : lost_readers_)
        fds.push_back({pidfd.get(), POLLIN, 0});
}

std::optional<base::Clock::time_point> Recoveries::next_retry() const {
    std::optional<base::Clock::time_point> next;
    for (const auto& [txn, left] : abandoned_)
        if (!left.pidfd.valid() && (!next || left.retry < *next))
            next = left.retry;
    return next;
}

}  // namespace bindd
