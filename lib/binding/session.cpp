// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/session.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include "binding/messages.hpp"

namespace binding {
namespace {

using policy::Change;
using policy::Plan;
using policy::StepResult;
using policy::Transaction;
using policy::Verdict;
using sysfs::Result;

constexpr std::size_t kCompactAt = 64 * 1024;
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

unsigned worker_count(const ApplyOptions& options, std::size_t jobs) {
    const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
    const unsigned by_default =
        std::clamp(static_cast<unsigned>(std::max(processors, 1L)), 1U, kMostWorkers);
    const unsigned wanted = options.workers != 0 ? options.workers : by_default;
    return std::max(1U, std::min(wanted, static_cast<unsigned>(jobs)));
}

std::set<std::string> drivers_left_by(const Transaction& transaction) {
    std::set<std::string> drivers;
    for (const Change& change : transaction.changes)
        if (change.from_driver)
            drivers.insert(*change.from_driver);
    return drivers;
}

/// Runs in the worker: the plan and the ledger are its copies from the fork.
std::string work_on(Scene& scene, const Plan& plan, const std::string& text,
                    const std::function<void(const std::string&)>& say) {
    const Request request = Request::of(text);
    const Notes notes{.doing = [&](const std::string& doing) { say("doing " + doing); },
                      .seen = [&](const sysfs::Device& device) { say("seen " + device_line(device)); }};
    const Outcome outcome =
        request.index ? carry_out(scene, plan.transactions.at(*request.index), request.txn, notes)
                      : undo_recorded(scene, request.txn, notes);
    return "=" + outcome_line(outcome);
}

}  // namespace

Result<Session> Session::open(sysfs::Kernel& kernel, const StateDir& state,
                              const ApplyOptions& options) {
    auto lock = Lock::take(state);
    if (!lock)
        return sysfs::propagate(lock);
    auto journal = Journal::open(state);
    if (!journal)
        return sysfs::propagate(journal);
    auto ledger = read_ledger(state);
    if (!ledger)
        return sysfs::propagate(ledger);
    Session session(kernel, state, options, std::move(*lock), std::move(*journal),
                    std::move(*ledger));
    if (session.ledger_.damaged_lines != 0)
        session.warn(state.journal_path() + ": " + std::to_string(session.ledger_.damaged_lines) +
                     " damaged line(s) skipped");
    return session;
}

void Session::run(const Plan& plan, std::vector<Job> jobs, const Ended& on_end) {
    if (jobs.empty())
        return;
    Scene scene{kernel_, journal_, state_, ledger_, options_};
    const unsigned workers = worker_count(options_, jobs.size());
    Pool pool([&](const std::string& request, const auto& say) {
                  return work_on(scene, plan, request, say);
              },
              workers, options_.timeout,
              {.said = [&](const Job& job,
                           const std::string& line) { said(Request::of(job.request).txn, line); },
               .ended = on_end});
    pool.run(std::move(jobs));
}

Result<Recovery> Session::recover() {
    Recovery recovery;
    std::vector<Job> jobs;
    for (const InFlight& flight : ledger_.in_flight) {
        const auto owed = options_.owed.find(flight.begin.txn);
        if (owed == options_.owed.end())
            jobs.push_back({Request{std::nullopt, flight.begin.txn}.text(), {}});
        else
            watched_[flight.begin.txn].error = owed->second;
    }
    if (jobs.empty())
        return recovery;
    run({}, std::move(jobs), [&](const Job& job, End how, const std::string& line) {
        if (const InFlight* flight = ledger_.find_in_flight(Request::of(job.request).txn))
            recovered(*flight, how, line, recovery);
        return std::vector<Job>{};
    });
    auto ledger = read_ledger(state_);
    if (!ledger)
        return sysfs::propagate(ledger);
    ledger_ = std::move(*ledger);
    return recovery;
}

void Session::carry_out(Plan& plan) {
    const std::int64_t time_us = now_us();
    std::vector<Job> jobs;
    for (std::size_t at = 0; at < plan.transactions.size(); ++at) {
        Transaction& transaction = plan.transactions[at];
        if (transaction.verdict != Verdict::kChange)
            continue;
        ++total_;
        const std::string txn = new_txn(time_us, total_);
        if (const std::string why = in_the_way(transaction); !why.empty())
            finish(transaction, txn, {.result = StepResult::kFailed, .error = why,
                                      .steps = recorded_steps(transaction.steps, nullptr, {}),
                                      .notes = {}});
        else
            jobs.push_back({Request{at, txn}.text(), drivers_left_by(transaction)});
    }
    // Workers read the plan as it was when they were forked; what they answer goes into the caller's.
    const Plan planned = plan;
    run(planned, std::move(jobs), [&](const Job& job, End how, const std::string& line) {
        return ended(plan, job, how, line);
    });
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

void Session::progress(const std::string& doing) const {
    if (options_.on_progress)
        options_.on_progress({done_, total_, doing});
}

}  // namespace binding
