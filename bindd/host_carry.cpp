// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "binding/wire.hpp"
#include "bindd/host_keeper.hpp"

/// A job's plan on its way through the executor, transaction by transaction, and its end: when the groups that it
/// changed have been looked at again, so that whoever sees it end sees what it did.
namespace bindd {

using policy::StepResult;
using policy::Transaction;
using policy::Verdict;
using sysfs::DeviceId;
using sysfs::Result;

namespace {

constexpr std::chrono::seconds kKeptAfterEnd{60};
constexpr std::size_t kMostKept = 64;

bool loads_module(const Transaction& transaction) {
    return std::any_of(transaction.steps.begin(), transaction.steps.end(), [](const policy::Step& step) {
        return step.op == policy::Op::kLoadModule && step.result == StepResult::kDone;
    });
}

Ending ending_of_error(const sysfs::Error& error) {
    switch (error.code) {
        case sysfs::Code::kNotFound:
        case sysfs::Code::kGone: return Ending::kNoDevice;
        case sysfs::Code::kTimeout: return Ending::kStuck;
        case sysfs::Code::kRefused: return Ending::kRefused;
        case sysfs::Code::kInvalid:
        case sysfs::Code::kDenied:
        case sysfs::Code::kBusy:
        case sysfs::Code::kUnsupported:
        case sysfs::Code::kFailed: return Ending::kFailed;
    }
    return Ending::kFailed;
}

}  // namespace

void HostKeeper::carry(Way& errand) {
    errand.job.state = JobState::kWorking;
    std::vector<std::size_t> to_carry;
    for (std::size_t at = 0; at < errand.job.plan.transactions.size(); ++at) {
        Transaction& transaction = errand.job.plan.transactions[at];
        if (transaction.verdict != Verdict::kChange)
            continue;
        ++errand.job.progress.transactions_total;
        if (tracks_[key_of(transaction)].state != GroupState::kStuck) {
            to_carry.push_back(at);
            continue;
        }
        transaction.result = StepResult::kStuck;
        transaction.error = "an earlier write to this group has not returned yet";
    }
    for (Observer* observer : observers_)
        observer->job_changed(errand.job);
    errand.under_way = to_carry.size();
    for (const std::size_t at : to_carry)
        carry_one(errand, at);
    publish();
    if (to_carry.empty())
        end(errand, ending_of(errand.job.plan, errand.job.request.errand));
}

void HostKeeper::carry_one(Way& errand, std::size_t at) {
    const JobId id = errand.job.id;
    const Request& request = errand.job.request;
    const Transaction& transaction = errand.job.plan.transactions[at];
    const std::string key = key_of(transaction);
    ++tracks_[key].under_way;
    stir(key, GroupEvent::kBegun);
    const auto txn = std::make_shared<std::string>();
    const auto said = [this, id, at, txn](const std::vector<std::string>& parts) {
        Way* found = this->errand(id);
        if (found == nullptr || parts.size() < 2)
            return;
        if (parts[0] == "doing") {
            found->job.progress.doing = parts[1];
            for (Observer* observer : observers_)
                observer->job_changed(found->job);
        } else if (parts[0] == "ended" && parts.size() == 3) {
            *txn = parts[1];
            if (auto ended = binding::of_wire<Transaction>(parts[2]))
                found->job.plan.transactions[at] = *std::move(ended);
        }
    };
    const char* action =
        request.kind == JobKind::kReconcile ? "apply" : job_kind_name(request.kind);
    parts_.executor.ask("carry\t" + request.asker.actor() + "\t" + action + "\t" +
                            std::to_string(request.timeout.count()) + "\t" + binding::to_wire(transaction),
                        said, [this, id, at, txn](const Result<void>& ended) {
                            Way* found = this->errand(id);
                            if (found == nullptr)
                                return;
                            Transaction& now = found->job.plan.transactions[at];
                            if (!ended || !now.result) {
                                now.result = StepResult::kFailed;
                                now.error = ended ? "the executor's answer was not understood"
                                                  : ended.error().text();
                            }
                            transaction_ended(id, at, *txn);
                        });
}

void HostKeeper::transaction_ended(JobId id, std::size_t at, const std::string& txn) {
    Way& errand = *this->errand(id);
    const Transaction& transaction = errand.job.plan.transactions[at];
    const std::string key = key_of(transaction);
    const bool done = transaction.result == StepResult::kDone;
    const bool is_stuck = transaction.result == StepResult::kStuck;
    binding::HistoryEntry entry;
    entry.txn = txn;
    entry.result = policy::step_result_name(*transaction.result);
    entry.error = transaction.error;
    for (const DeviceId& device : transaction.devices) {
        view_.latest[device] = entry;
        dirty_.insert(device);
        changed_.insert(device);
    }
    drivers_stale_ = drivers_stale_ || loads_module(transaction);
    refresh_ledger(Whose::kOurs);
    log_end(errand.job, transaction);
    GroupTrack& track = tracks_[key];
    --track.under_way;
    track.was_wanted = false;
    track.tried = done ? "" : standing(transaction);
    track.tries = done ? 0 : track.tries + 1;
    if (done)
        mark_by_hand(errand, transaction);
    if (is_stuck) {
        stuck_[txn] = {{transaction.devices.begin(), transaction.devices.end()}, transaction.error};
        stir(key, GroupEvent::kTimedOut);
    } else if (track.under_way == 0) {
        stir(key, GroupEvent::kEnded);
        coalescer_.hurry(key, std::chrono::steady_clock::now());
        wake();
        errand.settling.insert(key);
    }
    --errand.under_way;
    ++errand.job.progress.transactions_done;
    for (Observer* observer : observers_)
        observer->transaction_finished(errand.job, transaction);
    if (is_stuck)
        publish();
    finish_settled();
}

/// Events do not undo what someone asked for; not for long if the policies want the same. On disk before they are told
/// that it is done: a start after kill -9 is no reason to undo it either.
void HostKeeper::mark_by_hand(const Way& errand, const Transaction& transaction) {
    const JobKind kind = errand.job.request.kind;
    if (kind == JobKind::kReconcile || kind == JobKind::kApply)
        return;
    for (const DeviceId& id : transaction.devices)
        if (const sysfs::Device* device = view_.inventory.find(id))
            marks_.set(*device, kind == JobKind::kBind ? HandMarks::What::kBound
                                                       : HandMarks::What::kReleased);
    save_marks();
}

void HostKeeper::finish_settled() {
    std::vector<JobId> ended;
    for (auto& [id, errand] : errands_) {
        if (errand.job.state != JobState::kWorking || errand.under_way != 0)
            continue;
        std::erase_if(errand.settling, [this](const std::string& key) {
            const auto track = tracks_.find(key);
            return track == tracks_.end() || track->second.at_work() || track->second.is_fresh() ||
                   track->second.state == GroupState::kStuck;
        });
        if (errand.settling.empty())
            ended.push_back(id);
    }
    for (const JobId id : ended)
        if (Way* found = errand(id))
            end(*found, ending_of(found->job.plan, found->job.request.errand));
}

void HostKeeper::fail(JobId id, const sysfs::Error& error) {
    Way* found = errand(id);
    if (found == nullptr)
        return;
    found->job.error = error;
    end(*found, ending_of_error(error));
}

void HostKeeper::end(Way& errand, Ending ending) {
    errand.job.state = JobState::kEnded;
    errand.job.ending = ending;
    errand.ended_at = std::chrono::steady_clock::now();
    for (Observer* observer : observers_)
        observer->job_ended(errand.job);
    soon_.arm(std::chrono::microseconds(0));
}

/// Whoever wants to know how a job ended has a minute to ask, unless there are very many. Of the daemon's own the
/// journal tells.
void HostKeeper::forget_old() {
    const Time now = std::chrono::steady_clock::now();
    std::size_t kept = errands_.size();
    for (auto at = errands_.begin(); at != errands_.end();)
        if (at->second.ended_at &&
            (kept > kMostKept || now - *at->second.ended_at > kKeptAfterEnd ||
             at->second.job.request.kind == JobKind::kReconcile)) {
            at = errands_.erase(at);
            --kept;
        } else {
            ++at;
        }
}

void HostKeeper::log_end(const Job& job, const Transaction& transaction) {
    std::string devices;
    for (const DeviceId& id : transaction.devices)
        devices += (devices.empty() ? "" : " ") + id.display();
    Log::Fields fields{{"BINDD_DEVICES", devices}, {"BINDD_JOB", std::to_string(job.id)}};
    if (!transaction.changes.empty())
        fields.emplace_back("BINDD_RULE", transaction.changes.front().rule);
    if (job.request.asker.uid)
        fields.emplace_back("BINDD_CALLER_UID", std::to_string(*job.request.asker.uid));
    const std::string text = transaction.key() + ": " + devices + ": " + job_kind_name(job.request.kind) +
                             ": " + policy::step_result_name(*transaction.result) +
                             (transaction.error.empty() ? "" : ": " + transaction.error);
    switch (*transaction.result) {
        case StepResult::kDone: {
            const bool released = job.request.kind == JobKind::kRelease ||
                                  job.request.kind == JobKind::kRollback;
            return parts_.log.say(Level::kInfo, released ? Message::kReleased : Message::kBound, text,
                                  fields);
        }
        case StepResult::kStuck: return parts_.log.say(Level::kError, Message::kStuck, text, fields);
        case StepResult::kRolledBack:
        case StepResult::kFailed:
        case StepResult::kSkipped:
            return parts_.log.say(Level::kError, Message::kFailed, text, fields);
    }
}

/// The fds come on another socket than the answer, but before it.
void HostKeeper::open(OpenRequest request, std::function<void(Result<Opened>)> done) {
    const std::string which = std::to_string(++last_open_);
    parts_.executor.ask("open\t" + which + "\t" + request.device.text() + "\t" + request.backend, {},
                        [this, which, done = std::move(done)](const Result<void>& ended) {
                            opened_.merge(parts_.executor.take_opened());
                            auto opened = opened_.extract(which);
                            if (!ended)
                                done(sysfs::propagate(ended));
                            else if (opened.empty())
                                done(sysfs::fail(sysfs::Code::kFailed, "open", "the device",
                                                 "its fds did not come"));
                            else
                                done(std::move(opened.mapped()));
                        });
}

}  // namespace bindd
