// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "bindd/host_keeper.hpp"

/// After a look: everything is decided and planned anew, each group judged by itself, and those that are not as
/// wanted carried out, unless something says to leave them.
namespace bindd {

using policy::Change;
using policy::Transaction;
using policy::Verdict;
using sysfs::DeviceId;
using sysfs::Result;

namespace {

bool restores(const View& view, const DeviceId& device) {
    const policy::Decision* decision = view.decision(device);
    return decision != nullptr && decision->rule != nullptr &&
           decision->rule->drift == policy::Drift::kRestore;
}

void tell_drift(const Log& log, const DeviceId& device, const std::string& what, bool restored) {
    log.say(Level::kWarning, Message::kDrift,
            device.display() + " " + what + (restored ? ": restored" : ": left as it is"),
            {{"BINDD_DEVICE", device.display()}});
}

void tell_refusal(const Log& log, GroupTrack& track, const Transaction& transaction) {
    std::string text = transaction.key() + ": " + policy::verdict_name(transaction.verdict);
    for (const policy::Reason& reason : transaction.reasons)
        text += std::string("; ") + reason.device.display() + ": " + policy::reason_name(reason.code) +
                ": " + reason.text;
    if (track.told == text)
        return;
    track.told = text;
    log.say(Level::kNotice, Message::kRefused, text);
}

}  // namespace

/// Decides, finds out who uses what would be taken, plans, settles. One at a time: what comes meanwhile is another
/// round.
void HostKeeper::assess() {
    // A device that recovery has just freed may be read before the first whole look has come: without the rest of
    // the host, and its drivers, there is nothing to decide.
    if (!looked_)
        return;
    if (asking_usage_) {
        assess_again_ = true;
        return;
    }
    view_.decide();
    Ids unknown = policy::to_be_taken(view_.policies, view_.decisions, view_.inventory);
    untouchable_.take_out_of(unknown);
    std::erase_if(unknown, [&](const DeviceId& id) {
        return lookout_.knows_usage(id) || tracks_[view_.key_of(id)].at_work();
    });
    asking_usage_ = true;
    lookout_.ask_usage(std::move(unknown), [this](const Result<void>& asked) {
        asking_usage_ = false;
        if (!asked)
            parts_.log.say(Level::kWarning, Message::kWarning, asked.error().text());
        if (std::exchange(assess_again_, false))
            return assess();
        view_.decide();
        view_.make_plan();
        settle();
    });
}

void HostKeeper::settle() {
    std::map<std::string, std::vector<std::size_t>> by_key;
    for (const auto& [key, track] : tracks_)
        by_key[key];
    for (std::size_t at = 0; at < view_.plan.transactions.size(); ++at)
        by_key[view_.key_of(view_.plan.transactions[at])].push_back(at);
    std::vector<std::size_t> chosen;
    for (const auto& [key, transactions] : by_key)
        judge(key, transactions, chosen);
    std::vector<Transaction> to_carry = lost_overrides();
    for (const std::size_t at : chosen)
        to_carry.push_back(view_.plan.transactions[at]);
    publish();
    tell_ours();
    finish_settled();
    if (!to_carry.empty())
        reconcile(std::move(to_carry));
    else
        ready_if_settled();
    save_marks();
}

void HostKeeper::save_marks() {
    if (auto saved = marks_.save(); !saved)
        parts_.log.say(Level::kWarning, Message::kWarning, saved.error().text());
}

void HostKeeper::reconcile(std::vector<Transaction> transactions) {
    Request request;
    request.kind = JobKind::kReconcile;
    request.timeout = parts_.timeout;
    request.asker = {.uid = std::nullopt, .words = is_ready() ? "event" : "start"};
    QueuedJob& queued = jobs_.add(std::move(request), {}, std::chrono::steady_clock::now());
    queued.job.plan.transactions = std::move(transactions);
    carry(queued);
}

void HostKeeper::judge(const std::string& key, const std::vector<std::size_t>& transactions,
                       std::vector<std::size_t>& to_carry) {
    GroupTrack& track = tracks_[key];
    if (track.at_work() || track.state == GroupState::kStuck || !track.is_fresh() || jobs_.is_taken(key))
        return;
    if (transactions.empty())
        return stir(key, view_.members(key).empty() ? GroupEvent::kVanished : GroupEvent::kAsWanted);
    track.why.clear();
    bool waits = false;
    const std::size_t before = to_carry.size();
    for (const std::size_t at : transactions) {
        const Transaction& transaction = view_.plan.transactions[at];
        switch (transaction.verdict) {
            case Verdict::kOk: break;
            case Verdict::kRefused:
            case Verdict::kConflict:
                tell_refusal(parts_.log, track, transaction);
                waits = true;
                break;
            case Verdict::kChange:
                if (const std::string why = why_not(track, transaction); !why.empty()) {
                    track.why = why;
                    waits = true;
                } else {
                    to_carry.push_back(at);
                }
                break;
        }
    }
    if (to_carry.size() != before)
        return;
    if (!waits) {
        track.begin_anew();
        track.was_wanted = true;
        track.told.clear();
    }
    stir(key, waits ? GroupEvent::kMustWait : GroupEvent::kAsWanted);
}

/// Why a change is not carried out now; empty: it is.
std::string HostKeeper::why_not(GroupTrack& track, const Transaction& transaction) {
    for (const Change& change : transaction.changes) {
        if (change.from_driver && !lookout_.knows_usage(change.target.id))
            return "who uses it could not be found out";
        if (const auto mark = marks_.of(change.target.id))
            return *mark == HandMarks::What::kReleased
                       ? "released by hand; `vfioctl apply` takes it again"
                       : "bound by hand; `vfioctl apply` goes by the policies again";
    }
    const Change& first = transaction.changes.front();
    const std::string now = "is on " + first.from_driver.value_or("no driver") + " by someone's hand";
    if (!track.drifted && is_drift(track, transaction)) {
        const bool restored =
            std::all_of(transaction.changes.begin(), transaction.changes.end(),
                        [this](const Change& change) { return restores(view_, change.target.id); });
        tell_drift(parts_.log, first.target.id, now, restored);
        track.begin_anew();
        track.drifted = !restored;
    }
    if (track.drifted)
        return "drift: it " + now + "; `vfioctl apply` takes it again";
    if (!track.is_worth_a_try(transaction))
        return "the last try failed; `vfioctl apply` tries again";
    return {};
}

/// It stood as wanted and was not plugged since; or, before our first look, the journal says that it was ours and
/// on another driver. Ours from early in the boot may well have none yet.
bool HostKeeper::is_drift(const GroupTrack& track, const Transaction& transaction) const {
    if (track.was_wanted || is_ready())
        return track.was_wanted;
    return std::any_of(transaction.changes.begin(), transaction.changes.end(), [this](const Change& change) {
        const binding::Bound* bound =
            view_.ledger.find_bound(change.target.id, change.target.identity);
        return bound != nullptr && !bound->early && !bound->driver.empty() && !bound->where.empty() &&
               change.from_driver != bound->driver;
    });
}

/// Devices of ours that are where they should be, but whose override someone has taken away: the next driver that
/// is offered them might take them.
std::vector<Transaction> HostKeeper::lost_overrides() {
    std::vector<Transaction> mended;
    for (const auto& [id, bound] : view_.ledger.bound) {
        const sysfs::Device* device = view_.inventory.find(id);
        if (device == nullptr || bound.driver.empty() || !device->has_override ||
            device->driver != bound.driver || device->driver_override == bound.driver)
            continue;
        GroupTrack& track = tracks_[view_.key_of(id)];
        if (track.at_work() || track.state == GroupState::kStuck || !track.is_fresh() ||
            track.drifted || track.has_failed() || jobs_.is_taken(view_.key_of(id)))
            continue;
        const bool restored = restores(view_, id);
        tell_drift(parts_.log, id, "has lost its driver_override", restored);
        track.drifted = !restored;
        if (!restored)
            continue;
        Transaction transaction{.group = device->iommu_group, .verdict = Verdict::kChange,
                                .devices = {id}, .changes = {}, .steps = {}, .reasons = {},
                                .result = {}, .error = {}};
        Change change;
        change.target = {id, device->identity()};
        change.from_driver = device->driver;
        change.from_override = device->driver_override;
        change.candidates = {{.driver = bound.driver, .module = {}, .origin = policy::Origin::kRule,
                              .from = "drift", .fate = policy::Fate::kUse, .why = {}}};
        change.rule = bound.rule;
        change.where = bound.where;
        transaction.changes.push_back(std::move(change));
        transaction.steps.push_back({.op = policy::Op::kSetOverride, .device = id,
                                     .value = bound.driver, .module = {}, .result = {}, .error = {}});
        mended.push_back(std::move(transaction));
    }
    return mended;
}

/// The first reconcile is through when nothing is under way any more, recoveries included, and nothing is left to be
/// looked at. What is stuck is not waited for, and an undo not for long.
void HostKeeper::ready_if_settled() {
    const bool settled = std::none_of(tracks_.begin(), tracks_.end(), [this](const auto& entry) {
        const GroupTrack& track = entry.second;
        const bool only_undone = track.at_work() && track.under_way == 0;
        return (track.at_work() && !(only_undone && !readiness_.waits_for_undo())) || !track.is_fresh();
    });
    if (settled)
        readiness_.become_ready();
}

}  // namespace bindd
