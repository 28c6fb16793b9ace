// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/session.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <utility>

#include "binding/messages.hpp"

namespace binding {
namespace {

using policy::Change;
using policy::Plan;
using policy::StepResult;
using policy::Transaction;
using policy::Verdict;
using sysfs::Result;

/// Every command replays the journal: what it tells beyond what is ours now is not to cost the next ones much.
constexpr std::size_t kCompactAt = 32 * 1024;
constexpr unsigned kMostWorkers = 8;

std::int64_t now_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

/// "20260102-030405.123456-1": sorts by time, can be typed, and no two are the same under one lock.
std::string new_txn(std::int64_t time_us, std::size_t number) {
    const std::time_t seconds = time_us / 1000000;
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y%m%d-%H%M%S", &utc);
    const std::string micros = std::to_string(1000000 + time_us % 1000000).substr(1);
    return std::string(text.data(), length) + "." + micros + "-" + std::to_string(number);
}

unsigned worker_count(const ApplyOptions& options) {
    const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
    const unsigned by_default =
        std::clamp(static_cast<unsigned>(std::max(processors, 1L)), 1U, kMostWorkers);
    return options.workers != 0 ? options.workers : by_default;
}

std::set<std::string> drivers_left_by(const Transaction& transaction) {
    std::set<std::string> drivers;
    for (const Change& change : transaction.changes)
        if (change.from_driver)
            drivers.insert(*change.from_driver);
    return drivers;
}

}  // namespace

Result<Session> Session::open(sysfs::Kernel& kernel, const StateDir& state,
                              const ApplyOptions& options) {
    auto lock = Lock::take(state, options.lock_patience);
    if (!lock)
        return sysfs::propagate(lock);
    auto opened = Journal::open(state);
    if (!opened)
        return sysfs::propagate(opened);
    Session session(kernel, state, options, std::move(*lock), std::move(opened->journal),
                    std::move(opened->ledger));
    if (session.ledger_.damaged_lines != 0)
        session.warn(state.journal_path() + ": " + std::to_string(session.ledger_.damaged_lines) +
                     " damaged line(s) skipped");
    return session;
}

Pool& Session::pool() {
    if (!pool_)
        pool_ = std::make_unique<Pool>(
            [this](const std::string& request, const auto& say) { return work(request, say); },
            worker_count(options_), options_.timeout,
            Pool::Listener{
                .said = [this](const Job& job,
                               const std::string& line) { said(Request::of(job.request).txn, line); },
                .ended = [this](const Job& job, End how,
                                const std::string& line) { return ended(job, how, line); },
                .left_behind = options_.on_left_behind
                                   ? [this](const Job& job, pid_t pid) {
                                         options_.on_left_behind(Request::of(job.request).txn, pid);
                                     }
                                   : std::function<void(const Job&, pid_t)>()});
    return *pool_;
}

/// Runs in the worker: what we know of the transaction, and the ledger, are its copies from the fork.
std::string Session::work(const std::string& text,
                          const std::function<void(const std::string&)>& say) {
    const Request request = Request::of(text);
    const Notes notes{
        .doing = [&](const std::string& doing) { say("doing " + doing); },
        .seen = [&](const sysfs::Device& device) { say("seen " + device_line(device)); }};
    const auto watched = watched_.find(request.txn);
    const bool ours = watched != watched_.end();
    Scene scene{kernel_, journal_, state_, ledger_, ours ? watched->second.options : options_};
    const Outcome outcome = ours && request.kind == Request::Kind::kRun
                                ? binding::carry_out(scene, watched->second.transaction, request.txn, notes)
                                : undo_recorded(scene, request.txn, notes);
    return "=" + outcome_line(outcome);
}

Result<void> Session::refresh() {
    auto ledger = read_ledger(state_);
    if (!ledger)
        return sysfs::propagate(ledger);
    ledger_ = std::move(*ledger);
    return {};
}

void Session::begin_recovery(const InFlight& flight, Recovered told) {
    const std::string& txn = flight.begin.txn;
    Watched& watched = watched_[txn];
    watched.options = options_;
    watched.doing = "undo";
    watched.flight = flight;
    watched.recovered = std::move(told);
    pool().add({{.request = Request{Request::Kind::kUndo, txn}.text(), .drivers = {}}});
}

Result<Recovery> Session::recover() {
    Recovery all;
    for (const InFlight& flight : ledger_.in_flight) {
        const auto owed = options_.owed.find(flight.begin.txn);
        if (owed != options_.owed.end()) {
            watched_[flight.begin.txn].error = owed->second;
            continue;
        }
        begin_recovery(flight, [this, &all, &flight](const Recovery& one) {
            for (const Held& held : flight.begin.devices)
                if (one.undone.contains(held.device))
                    undone_.push_back(held);
            all.notes.insert(all.notes.end(), one.notes.begin(), one.notes.end());
            all.undone.insert(one.undone.begin(), one.undone.end());
            all.owed.insert(one.owed.begin(), one.owed.end());
            all.transactions.insert(one.transactions.begin(), one.transactions.end());
        });
    }
    if (!pool_)
        return all;
    pool_->run({});
    if (auto fresh = refresh(); !fresh)
        return sysfs::propagate(fresh);
    return all;
}

void Session::begin(Transaction transaction, const ApplyOptions& options, Ended told) {
    ++total_;
    const std::string txn = new_txn(now_us(), total_);
    const std::string why = in_the_way(transaction);
    const std::set<std::string> drivers = drivers_left_by(transaction);
    Watched& watched = watched_[txn];
    watched.transaction = std::move(transaction);
    watched.options = options;
    watched.ended = std::move(told);
    if (why.empty())
        return pool().add({{.request = Request{Request::Kind::kRun, txn}.text(),
                            .drivers = drivers,
                            .timeout = options.timeout,
                            .needs_new_worker = true,
                            .followed = bool(options.on_progress)}});
    finish(txn, {.result = StepResult::kFailed,
                 .error = why,
                 .steps = recorded_steps(watched.transaction.steps, nullptr, {}),
                 .notes = {}});
}

void Session::carry_out(Plan& plan) {
    for (Transaction& transaction : plan.transactions)
        if (transaction.verdict == Verdict::kChange)
            begin(transaction, options_, [&transaction](const std::string&, const Transaction& ended) {
                transaction = ended;
            });
    if (pool_)
        pool_->run({});
}

Result<void> Session::forget(const std::vector<sysfs::DeviceId>& devices, const std::string& why) {
    for (const sysfs::DeviceId& device : devices)
        if (ledger_.bound.contains(device))
            if (auto noted = journal_.append(ReleasedRecord{device, why}, Sync::kLater); !noted)
                return noted;
    return refresh();
}

void Session::close() {
    if (const auto written = append_history(state_, history_); !written)
        warn("history: " + written.error().text());
    history_.clear();
    if (journal_.size() <= kCompactAt)
        return;
    const auto ledger = read_ledger(state_);
    if (!ledger)
        return warn("journal: " + ledger.error().text());
    if (const auto compacted = journal_.compact(*ledger); !compacted)
        warn("journal: " + compacted.error().text());
}

void Session::warn(const std::string& text) const {
    if (options_.on_warning)
        options_.on_warning(text);
}

void Session::progress(const Watched& watched, const std::string& doing) const {
    if (watched.options.on_progress)
        watched.options.on_progress({done_, total_, doing});
}

}  // namespace binding
