// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/job.hpp"

#include "base/name_table.hpp"

namespace bindd {

using policy::StepResult;
using policy::Transaction;
using policy::Verdict;

namespace {

constexpr base::NameTable<JobKind::kRemoveMdev> kJobKindNames{
    "reconcile", "apply", "bind", "release", "rollback", "sriov", "mdev start", "mdev stop"};

constexpr base::NameTable<JobState::kEnded> kJobStateNames{"waiting", "looking", "working",
                                                           "ended"};

/// By exit status; 2 is wrong usage.
constexpr base::NameTable<Ending::kStuck> kEndingNames{
    "done", "failed", "", "refused", "partly", "no-such-device", "timed-out"};

}  // namespace

std::string Requester::actor() const {
    std::string text = "bindd (";
    if (uid)
        text += "uid " + std::to_string(*uid) + (description.empty() ? "" : ", ");
    return text + description + ")";
}

const char* job_kind_name(JobKind kind) {
    return kJobKindNames[kind];
}

bool is_of_children(JobKind kind) {
    return kind == JobKind::kSetVfs || kind == JobKind::kCreateMdev || kind == JobKind::kRemoveMdev;
}

const char* job_state_name(JobState state) {
    return kJobStateNames[state];
}

const char* ending_name(Ending ending) {
    return kEndingNames[ending];
}

Ending job_ending(const policy::Plan& plan, JobMode mode) {
    unsigned done = 0;
    unsigned failed = 0;
    unsigned refused = 0;
    unsigned stuck = 0;
    for (const Transaction& transaction : plan.transactions)
        if (transaction.result)
            ++(transaction.result == StepResult::kDone    ? done
               : transaction.result == StepResult::kStuck ? stuck
                                                          : failed);
        else if (transaction.verdict == Verdict::kRefused ||
                 transaction.verdict == Verdict::kConflict)
            ++refused;
    // A plan with a change beside the refusals is worth executing: it is not refused.
    if (mode == JobMode::kPlanOnly)
        for (const Transaction& transaction : plan.transactions)
            if (transaction.verdict == Verdict::kChange)
                return Ending::kDone;
    if (stuck > 0)
        return Ending::kStuck;
    if (failed > 0)
        return done > 0 ? Ending::kPartly : Ending::kFailed;
    if (refused > 0)
        return done > 0 ? Ending::kPartly : Ending::kRefused;
    return Ending::kDone;
}

}  // namespace bindd
