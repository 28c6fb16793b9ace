// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <memory>

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

void log_end(const Log& log, const Job& job, const Transaction& transaction) {
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
            return log.say(Level::kInfo, released ? Message::kReleased : Message::kBound, text, fields);
        }
        case StepResult::kStuck: return log.say(Level::kError, Message::kStuck, text, fields);
        case StepResult::kRolledBack:
        case StepResult::kFailed:
        case StepResult::kSkipped: return log.say(Level::kError, Message::kFailed, text, fields);
    }
}

}  // namespace

void HostKeeper::carry(QueuedJob& queued) {
    queued.job.state = JobState::kWorking;
    std::vector<std::size_t> to_carry;
    for (std::size_t at = 0; at < queued.job.plan.transactions.size(); ++at) {
        Transaction& transaction = queued.job.plan.transactions[at];
        if (transaction.verdict != Verdict::kChange)
            continue;
        ++queued.job.progress.transactions_total;
        if (tracks_[view_.key_of(transaction)].state != GroupState::kStuck) {
            to_carry.push_back(at);
            continue;
        }
        transaction.result = StepResult::kStuck;
        transaction.error = "an earlier write to this group has not returned yet";
    }
    audience_.tell(&Observer::job_changed, queued.job);
    queued.under_way = to_carry.size();
    for (const std::size_t at : to_carry)
        carry_one(queued, at);
    publish();
    if (to_carry.empty())
        end(queued, ending_of(queued.job.plan, queued.job.request.errand));
}

void HostKeeper::carry_one(QueuedJob& queued, std::size_t at) {
    const JobId id = queued.job.id;
    const Request& request = queued.job.request;
    const Transaction& transaction = queued.job.plan.transactions[at];
    const std::string key = view_.key_of(transaction);
    ++tracks_[key].under_way;
    stir(key, GroupEvent::kBegun);
    const auto txn = std::make_shared<std::string>();
    const auto said = [this, id, at, txn](const std::vector<std::string>& parts) {
        QueuedJob* found = jobs_.find(id);
        if (found == nullptr || parts.size() < 2)
            return;
        if (parts[0] == "doing") {
            found->job.progress.doing = parts[1];
            audience_.tell(&Observer::job_changed, found->job);
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
                            QueuedJob* found = jobs_.find(id);
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
    QueuedJob& queued = *jobs_.find(id);
    const Transaction& transaction = queued.job.plan.transactions[at];
    const std::string key = view_.key_of(transaction);
    const bool is_stuck = transaction.result == StepResult::kStuck;
    binding::HistoryEntry entry;
    entry.txn = txn;
    entry.result = policy::step_result_name(*transaction.result);
    entry.error = transaction.error;
    for (const DeviceId& device : transaction.devices) {
        view_.latest[device] = entry;
        dirty_.insert(device);
        audience_.note(device);
    }
    if (loads_module(transaction))
        lookout_.mind_drivers();
    refresh_ledger(Whose::kOurs);
    log_end(parts_.log, queued.job, transaction);
    GroupTrack& track = tracks_[key];
    --track.under_way;
    track.note_try(transaction);
    if (transaction.result == StepResult::kDone)
        mark_by_hand(queued, transaction);
    if (is_stuck) {
        untouchable_.add(txn, transaction.error, {transaction.devices.begin(), transaction.devices.end()});
        stir(key, GroupEvent::kTimedOut);
    } else if (track.under_way == 0) {
        stir(key, GroupEvent::kEnded);
        coalescer_.hurry(key, std::chrono::steady_clock::now());
        wake();
        queued.settling.insert(key);
    }
    --queued.under_way;
    ++queued.job.progress.transactions_done;
    audience_.tell(&Observer::transaction_finished, queued.job, transaction);
    if (is_stuck)
        publish();
    finish_settled();
}

/// Events do not undo what someone asked for; not for long if the policies want the same. On disk before they are told
/// that it is done: a start after kill -9 is no reason to undo it either.
void HostKeeper::mark_by_hand(const QueuedJob& queued, const Transaction& transaction) {
    const JobKind kind = queued.job.request.kind;
    if (kind == JobKind::kReconcile || kind == JobKind::kApply)
        return;
    for (const DeviceId& id : transaction.devices)
        if (const sysfs::Device* device = view_.inventory.find(id))
            marks_.set(*device, kind == JobKind::kBind ? HandMarks::What::kBound
                                                       : HandMarks::What::kReleased);
    save_marks();
}

void HostKeeper::finish_settled() {
    const auto is_quiet = [this](const std::string& key) {
        const auto track = tracks_.find(key);
        return track == tracks_.end() || track->second.at_work() || track->second.is_fresh() ||
               track->second.state == GroupState::kStuck;
    };
    for (const JobId id : jobs_.finished(is_quiet))
        if (QueuedJob* found = jobs_.find(id))
            end(*found, ending_of(found->job.plan, found->job.request.errand));
}

void HostKeeper::fail(JobId id, const sysfs::Error& error) {
    QueuedJob* found = jobs_.find(id);
    if (found == nullptr)
        return;
    found->job.error = error;
    end(*found, ending_of_error(error));
}

void HostKeeper::end(QueuedJob& queued, Ending ending) {
    queued.job.state = JobState::kEnded;
    queued.job.ending = ending;
    audience_.tell(&Observer::job_ended, queued.job);
    jobs_.retire(queued.job.id, std::chrono::steady_clock::now());
    soon_.arm(std::chrono::microseconds(0));
}

void HostKeeper::open(OpenRequest request, std::function<void(Result<Opened>)> done) {
    parts_.executor.open(request.device.text(), request.backend, std::move(done));
}

}  // namespace bindd
